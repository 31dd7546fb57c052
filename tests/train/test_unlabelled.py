"""One's own videos and archives as the unlabelled part, through the real detector and the real command."""

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from videopose.cli.main import run
from videopose.data.archive import read_objects
from videopose.data.custom import VideoKeypoints, write_custom
from videopose.errors import InputError
from videopose.train.archive_recipe import ArchiveRecipe
from videopose.train.unlabelled import poses_of_archive, poses_of_tracks, track_videos

pytestmark = pytest.mark.shared
RECIPE = """
name = "tiny"
keypoints = "detected_coco"
train_subjects = ["S6"]
test_subjects = ["S9"]
filter_widths = [3]
channels = 8
batch_size = 128
epochs = 1
warmup_epochs = 0
precision = "float32"
"""


@pytest.fixture(scope="module")
def data(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A jump and a run of motion capture as archives, with COCO's keypoints too."""
    folder = tmp_path_factory.mktemp("data")
    with zipfile.ZipFile(shared_dir / "mocap" / "cmu_asfamc_subset.zip") as archive:
        for name in ("16/16.asf", "16/16_01.amc", "09/09.asf", "09/09_01.amc"):
            archive.extract(f"all_asfamc/subjects/{name}", folder)
    assert run(["prepare", "mocap", str(folder / "all_asfamc"), "-o", str(folder), "--as", "human36m"]) == 0
    return folder


def test_a_folder_of_videos(
    data: Path, squats: Path, networks: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(RECIPE)
    (tmp_path / "videos" / "gym").mkdir(parents=True)
    shutil.copy(squats, tmp_path / "videos" / "gym")
    (tmp_path / "videos" / "notes.txt").write_text("no video")
    words = ["backproject", str(recipe), "--data", str(data), "-o", str(tmp_path / "run"), "--threads", "1"]
    words += ["--videos", str(tmp_path / "videos"), "--focal", "600"]
    assert run(words) == 0
    out, err = capsys.readouterr()
    assert "1 people in 1 videos, 91 frames" in out  # ten frames at 5 frames/s, in 50 frames/s
    assert "detect: 10 frames" in err
    log = json.loads((tmp_path / "run" / "log.jsonl").read_text())
    assert log["projection"] > 0
    assert log["bone_mm"] > 0
    # What was found is kept.
    files = list((tmp_path / "run" / "tracks").iterdir())
    assert [file.name for file in files] == ["gym__squats.mp4.npz"]
    assert run([*words, "--epochs", "2", "--resume"]) == 0
    assert "detect" not in capsys.readouterr().err

    poses = poses_of_tracks(files, ArchiveRecipe("x", downsample=5), focal_px=600)
    (sequence,) = poses.sequences
    with np.load(files[0]) as kept:
        pixels = kept["keypoints_2d"][0, :, :, :2]
    # 10 frames/s: every second one is a frame of the video.
    np.testing.assert_allclose(sequence.keypoints[::2], pixels / 180 - (1, 640 / 360), atol=1e-4)
    assert (poses.layout_in, poses.layout_out, poses.frame_rate) == ("coco17", "h36m17", 10)
    assert sequence.intrinsics is not None
    np.testing.assert_allclose(sequence.intrinsics, [600 / 180, 600 / 180, 0, 0, 0, 0, 0, 0, 0], rtol=1e-6)


def test_an_archive_of_ones_own(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exact = read_objects(data / "data_2d_h36m_detected_coco.npz", ("positions_2d",))["positions_2d"]["S6"]["Jump 1"]
    videos = [VideoKeypoints(f"v{i}", view[::2].copy(), (1000, 1002), 25.0) for i, view in enumerate(exact)]
    for name in ("data_3d_h36m.npz", "data_2d_h36m_detected_coco.npz", "data_2d_h36m_gt.npz"):
        shutil.copy(data / name, tmp_path)
    write_custom(tmp_path / "data_2d_custom_mine.npz", videos)
    poses = poses_of_archive(tmp_path, "custom:mine", ArchiveRecipe("x", keypoints="detected_coco"), fov_degrees=90)
    assert len(poses.sequences) == 4
    first = poses.sequences[0]
    assert poses.frame_rate == 50
    assert len(first) == 2 * len(videos[0].keypoints) - 1
    np.testing.assert_allclose(first.keypoints[::2], videos[0].keypoints / 500 - (1, 1.002), atol=1e-5)
    assert first.intrinsics is not None
    # 90 degrees along the longer side: half of it is the focal length.
    np.testing.assert_allclose(first.intrinsics[:2], 1.002, rtol=1e-6)
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(RECIPE)
    words = ["backproject", str(recipe), "--data", str(tmp_path), "-o", str(tmp_path / "run"), "--threads", "1"]
    assert run([*words, "--unlabelled", "custom:mine"]) == 0
    assert "projection" in capsys.readouterr().out
    with pytest.raises(InputError, match="coco17 keypoints, but the labelled part of x has h36m17"):
        poses_of_archive(tmp_path, "custom:mine", ArchiveRecipe("x", keypoints="gt"))


def test_videos_that_show_nobody(clips: object, networks: None, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no videos in it \(\.3gp"):
        track_videos(tmp_path, tmp_path / "tracks")
    clips.make("plain.mp4")  # type: ignore[attr-defined]
    (tmp_path / "videos").mkdir()
    shutil.copy(clips.folder / "plain.mp4", tmp_path / "videos")  # type: ignore[attr-defined]
    files = track_videos(tmp_path / "videos", tmp_path / "tracks", threads=1)
    with pytest.raises(InputError, match="nobody is seen for 1 s in any video"):
        poses_of_tracks(files, ArchiveRecipe("x"))
