"""pycocotools takes the COCO results as they are."""

import contextlib
import io
import json
import os
from pathlib import Path

import numpy as np
import pytest

from videopose.keypoint_files import KeypointFrames
from videopose.keypoint_files.write_coco import write_coco
from videopose.keypoint_files.writing import PictureLabels
from videopose.skeletons import COCO17

if os.environ.get("CI"):
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval
else:
    COCO = pytest.importorskip("pycocotools.coco").COCO
    COCOeval = pytest.importorskip("pycocotools.cocoeval").COCOeval


def truth(path: Path, frames: KeypointFrames, image_ids: list[int]) -> None:
    """Annotations that agree with the detections, but for one person of two, who stands elsewhere."""
    annotations = []
    for image_id, found in zip(image_ids, frames.detections, strict=True):
        for row in range(len(found)):
            points = np.nan_to_num(found.keypoints[row]).astype(float)
            points[:, 2] = 2 * (points[:, 2] > 0)
            if row == 1:
                points[:, 0] += 300
            x0, y0, x1, y1 = found.boxes[row].astype(float)
            annotations.append(
                {
                    "id": len(annotations) + 1, "image_id": image_id, "category_id": 1, "iscrowd": 0,
                    "keypoints": points.ravel().tolist(), "num_keypoints": int((points[:, 2] > 0).sum()),
                    "bbox": [x0, y0, x1 - x0, y1 - y0], "area": (x1 - x0) * (y1 - y0) / 2,
                }
            )  # fmt: skip
    images = [{"id": i, "width": 640, "height": 480, "file_name": f"{i}.png"} for i in image_ids]
    categories = [{"id": 1, "name": "person", "keypoints": list(COCO17.joint_names), "skeleton": []}]
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))


@pytest.mark.parametrize("pictures", [None, PictureLabels(("7.png", "20.png", "300.png"), (7, 20, 300))])
def test_cocoeval_finds_two_of_three_people(
    pictures: PictureLabels | None, frames: KeypointFrames, tmp_path: Path
) -> None:
    image_ids = list(frames.frame_index.tolist() if pictures is None else pictures.ids)
    truth(tmp_path / "truth.json", frames, image_ids)
    write_coco(tmp_path / "results.json", frames, pictures)
    with contextlib.redirect_stdout(io.StringIO()):
        annotated = COCO(str(tmp_path / "truth.json"))
        evaluation = COCOeval(annotated, annotated.loadRes(str(tmp_path / "results.json")), "keypoints")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    precision, recall = evaluation.stats[0], evaluation.stats[5]
    assert recall == pytest.approx(2 / 3, abs=1e-6)
    assert precision == pytest.approx(67 / 101, abs=0.01)  # at 101 levels of recall, all up to 2/3 are reached
