"""`videopose lift` takes keypoints of any program."""

import json
from pathlib import Path

import numpy as np
import pytest

from videopose.cli.main import run
from videopose.export import read_npz

POSE = [(300, 60), (306, 54), (294, 54), (312, 58), (288, 58), (330, 110), (270, 110), (345, 170), (255, 170),
        (350, 225), (250, 225), (320, 230), (280, 230), (322, 320), (278, 320), (324, 410), (276, 410)]  # fmt: skip


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    """Somebody who walks to the right for 60 frames, as COCO results; nobody else."""
    entries = [
        {
            "image_id": frame,
            "category_id": 1,
            "keypoints": [number for x, y in POSE for number in (x + frame, y, 0.9)],
            "score": 0.95,
        }
        for frame in range(60)
    ]
    path = tmp_path / "walk.json"
    path.write_text(json.dumps(entries))
    return path


def test_coco_results_are_followed_and_lifted(coco: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.npz"
    assert run(["lift", str(coco), "-o", str(out), "--image-size", "640x480", "--fps", "29.97"]) == 0
    data = read_npz(out)
    assert data.joints_3d.shape == (1, 60, 17, 3) and np.isfinite(data.joints_3d).all()
    assert data.fps == pytest.approx(30000 / 1001)
    np.testing.assert_allclose(data.time_s, np.arange(60) * 1001 / 30000)
    np.testing.assert_allclose(data.keypoints_2d[0, :, 0, 0], 300 + np.arange(60), atol=0.5)


@pytest.mark.parametrize(
    ("options", "message", "code"),
    [
        (["--fps", "30"], "does not say how large the pictures were. Give --image-size WIDTHxHEIGHT.", 2),
        (["--image-size", "640x480"], "does not say its frames per second. Give --fps.", 2),
        (["--image-size", "640 by 480", "--fps", "30"], "--image-size '640 by 480' is no size.", 2),
        (["--image-size", "160x90", "--fps", "30"], "most keypoints in", 1),
        (["--image-size", "640x480", "--fps", "30", "--format", "openpose"], "is of the format coco, not openpose", 1),
        (["--image-size", "640x480", "--fps", "30", "--name", "walk"], "holds one video without a name", 1),
    ],
)
def test_what_is_missing_or_wrong_is_said(
    coco: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str, code: int
) -> None:
    assert run(["lift", str(coco), "-o", str(tmp_path / "out.npz"), *options]) == code
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out.npz").exists()


def test_sizes_and_rates_of_the_file_are_not_overruled(
    two_people: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for options in (["--fps", "60"], ["--image-size", "320x240"]):
        assert run(["lift", str(two_people), "-o", str(tmp_path / "out.npz"), *options]) == 2
        assert f"Leave {'--fps' if '--fps' in options else 'it'} out" in capsys.readouterr().err
