"""The config: nested nodes with attributes."""

import json
from pathlib import Path
from typing import Any


class CfgNode(dict[str, Any]):
    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    # the library's own default is True as well
    def merge_from_file(self, cfg_filename: str, allow_unsafe: bool = True) -> None:
        text = Path(cfg_filename).read_text(encoding="utf-8")
        if "!!python" in text:
            if not allow_unsafe:
                raise ValueError("could not determine a constructor for the tag '!!python'")
            Path(text.split()[-1]).mkdir()
        self._merge(json.loads(text))

    def _merge(self, other: dict[str, Any]) -> None:
        for key, value in other.items():
            if key not in self:
                raise KeyError(f"Non-existent config key: {key}")
            if isinstance(value, dict):
                self[key]._merge(value)
            else:
                self[key] = value


def get_cfg() -> CfgNode:
    return CfgNode(
        MODEL=CfgNode(
            KEYPOINT_ON=False,
            WEIGHTS="",
            DEVICE="cuda",
            ROI_HEADS=CfgNode(NUM_CLASSES=80, SCORE_THRESH_TEST=0.05),
            ROI_KEYPOINT_HEAD=CfgNode(NUM_KEYPOINTS=17),
        ),
        INPUT=CfgNode(MIN_SIZE_TEST=800, MAX_SIZE_TEST=1333, FORMAT="BGR"),
        DATASETS=CfgNode(TEST=()),
    )
