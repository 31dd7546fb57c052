"""What is known of data sets."""

from typing import Any

COCO = (
    "nose left_eye right_eye left_ear right_ear left_shoulder right_shoulder left_elbow right_elbow left_wrist "
    "right_wrist left_hip right_hip left_knee right_knee left_ankle right_ankle"
)


class _Catalog:
    def get(self, name: str) -> dict[str, Any]:
        """Metadata has a `get` with a default, as a dict has."""
        known = {"keypoints_coco_2017_val": COCO.split(), "dogs": [*COCO.split()[:-1], "tail"]}
        return {"keypoint_names": known[name]} if name in known else {}


MetadataCatalog = _Catalog()
