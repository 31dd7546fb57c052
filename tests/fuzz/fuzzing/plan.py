"""How many cases there are of each kind, and which are run."""

import os

PLAN = {
    "mp4": 130,
    "matroska": 110,
    "avi-mov": 110,
    "streams": 100,
    "pictures": 90,
    "renamed": 20,
    "found-npz": 90,
    "found-json": 80,
    "found-coco": 80,
    "found-openpose": 80,
    "found-alphapose": 80,
    "found-mmpose": 80,
    "found-detectron": 80,
    "found-videopose3d": 80,
    "found-hostile": 60,
    "safetensors-bytes": 100,
    "safetensors-content": 110,
    "bin-bytes": 90,
    "bin-content": 100,
    "bin-hostile": 90,
    "archive-bytes": 100,
    "archive-content": 110,
    "archive-zip": 70,
    "archive-hostile": 70,
    "custom": 60,
    "views": 60,
    "run": 40,
    "results-npz": 150,
}
"""Cases of each kind in the default run. Where the names come from, the files of tests say."""

SEED = os.environ.get("VIDEOPOSE_FUZZ_SEED", "1")
ONLY = tuple(filter(None, os.environ.get("VIDEOPOSE_FUZZ_ONLY", "").split(",")))


def cases(kind: str) -> list[str]:
    """Names of the cases of a kind that are to be run, `mp4-17` for example."""
    count = round(PLAN[kind] * float(os.environ.get("VIDEOPOSE_FUZZ_CASES", "1")))
    return [name for name in ONLY if name.rpartition("-")[0] == kind] if ONLY else [f"{kind}-{n}" for n in range(count)]
