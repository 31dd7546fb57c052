"""OpenPose's folder with joints in space: read by our reader and by its definition, and there whole or not at all."""

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_motion import made_recording, without, y_up
from processes import run_python

from videopose.errors import OutputError
from videopose.export import ExportSettings
from videopose.export.openpose import write_openpose_3d
from videopose.keypoint_files import KeypointFrames, read_keypoint_file
from videopose.skeletons import COCO17, H36M17

# OpenPose's numbers in BODY_25 and the joints of ours; 1 is the middle of the shoulders.
IN_SPACE = {
    0: "neck", 2: "right_shoulder", 3: "right_elbow", 4: "right_wrist", 5: "left_shoulder", 6: "left_elbow",
    7: "left_wrist", 8: "hip", 9: "right_hip", 10: "right_knee", 11: "right_ankle", 12: "left_hip", 13: "left_knee",
    14: "left_ankle",
}  # fmt: skip


def content(folder: Path, stem: str, number: int) -> list[dict[str, Any]]:
    """The people in one frame's file."""
    parsed = json.loads((folder / f"{stem}_{number:012d}_keypoints.json").read_text(encoding="utf-8"))
    assert parsed["version"] == 1.3
    assert set(parsed) == {"version", "people"}
    people: list[dict[str, Any]] = parsed["people"]
    return people


def test_every_frame_has_a_file_with_joints_in_space(tmp_path: Path) -> None:
    recording = made_recording(10, [(0, 9), (3, 7)], start=20)
    write_openpose_3d(recording, tmp_path / "out", "walk")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        f"walk_{number:012d}_keypoints.json" for number in range(20, 30)
    ]
    assert content(tmp_path / "out", "walk", 29) == []
    people = content(tmp_path / "out", "walk", 24)
    assert [person["person_id"] for person in people] == [[1], [2]]
    for person, row, track, motion in zip(people, (4, 1), recording.tracks, recording.motions, strict=True):
        body = np.reshape(person["pose_keypoints_3d"], (25, 4))
        joints = y_up(motion)[row]
        for number, name in IN_SPACE.items():
            np.testing.assert_allclose(body[number, :3], joints[H36M17.index(name)], atol=1e-6)
        shoulders = [H36M17.index("left_shoulder"), H36M17.index("right_shoulder")]
        np.testing.assert_allclose(body[1, :3], joints[shoulders].mean(0), atol=1e-6)
        assert not body[15:].any()
        flat = np.reshape(person["pose_keypoints_2d"], (25, 3))
        np.testing.assert_allclose(body[:15, 3], flat[:15, 2], atol=1e-6)
        assert body[4, 3] == pytest.approx(track.keypoints[row, COCO17.index("right_wrist"), 2], abs=1e-6)
        assert (
            person["face_keypoints_3d"] == person["hand_left_keypoints_3d"] == person["hand_right_keypoints_3d"] == []
        )


def test_our_reader_finds_the_people_again(tmp_path: Path) -> None:
    recording = made_recording(10, [(0, 9), (3, 7)])
    # bodies, not noise: the reader tells BODY_25 by where neck and hip lie
    tracks = tuple(
        replace(track, keypoints=_filmed(track.keypoints, motion.joints))
        for track, motion in zip(recording.tracks, recording.motions, strict=True)
    )
    write_openpose_3d(replace(recording, tracks=tracks), tmp_path / "out", "walk")
    frames = read_keypoint_file(tmp_path / "out")
    assert isinstance(frames, KeypointFrames)
    assert frames.frame_index.tolist() == list(range(10))
    assert frames.person_ids is not None
    assert [ids.tolist() for ids in frames.person_ids] == [[1]] * 3 + [[1, 2]] * 4 + [[1]] * 2 + [[]]
    for person, track in enumerate(tracks):
        for row, index in enumerate(track.frame_index.tolist()):
            found = frames.detections[index].keypoints[person]
            np.testing.assert_allclose(found, track.keypoints[row], atol=1e-4)


def _filmed(keypoints: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """Keypoints where the body's joints are, at 200 pixels a metre, all of them seen."""
    result = keypoints.copy()
    result[..., :2] = joints[:, [H36M17.index("head")], :2] * 200 + [320, 240]
    for column, name in enumerate(COCO17.joint_names):
        if name in H36M17.joint_names:
            result[:, column, :2] = joints[:, H36M17.index(name), :2] * 200 + [320, 240]
    result[..., 2] = np.maximum(result[..., 2], 0.25)
    return result


def test_what_is_not_known_is_zero(tmp_path: Path) -> None:
    recording = made_recording(5, [(0, 5)])
    motion = without(recording.motions[0], joints=[(1, "left_knee"), (2, "left_shoulder")], root=slice(4, 5))
    write_openpose_3d(replace(recording, motions=(motion,)), tmp_path / "out", "walk")

    def body(number: int) -> np.ndarray:
        return np.reshape(content(tmp_path / "out", "walk", number)[0]["pose_keypoints_3d"], (25, 4))

    assert np.flatnonzero(~body(0).any(-1)).tolist() == list(range(15, 25))
    assert np.flatnonzero(~body(1)[:15].any(-1)).tolist() == [13]
    assert np.flatnonzero(~body(2)[:15].any(-1)).tolist() == [1, 5]  # the neck is made from the shoulders
    filled = body(3)
    assert not filled[:, 3].any()
    assert filled[8, :3].any()
    np.testing.assert_allclose(body(4)[8], [*filled[8, :3], body(4)[8, 3]], atol=1e-6)  # a bridged root
    assert "NaN" not in (tmp_path / "out" / "walk_000000000001_keypoints.json").read_text()


def test_axes_and_units_on_demand(tmp_path: Path) -> None:
    recording = made_recording(2, [(0, 2)])
    write_openpose_3d(recording, tmp_path / "out", "walk", settings=ExportSettings(up="z", units="mm"))
    body = np.reshape(content(tmp_path / "out", "walk", 1)[0]["pose_keypoints_3d"], (25, 4))
    x, y, z = y_up(recording.motions[0])[1, 0] * 1000
    np.testing.assert_allclose(body[8, :3], [x, -z, y], atol=1e-5)


def test_tracks_that_were_not_lifted_have_keypoints_only(tmp_path: Path) -> None:
    write_openpose_3d(made_recording(3, [(0, 3)], lifted=False), tmp_path / "out", "walk")
    (person,) = content(tmp_path / "out", "walk", 1)
    assert person["pose_keypoints_3d"] == []
    assert any(person["pose_keypoints_2d"])


def test_nobody_at_all(tmp_path: Path) -> None:
    write_openpose_3d(made_recording(3, []), tmp_path / "out", "walk")
    assert [content(tmp_path / "out", "walk", number) for number in range(3)] == [[], [], []]


def test_a_name_in_any_script(tmp_path: Path) -> None:
    write_openpose_3d(made_recording(1, [(0, 1)]), tmp_path / "Läufe 走る", "Läufe 走る")
    assert len(content(tmp_path / "Läufe 走る", "Läufe 走る", 0)) == 1


def test_a_former_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    write_openpose_3d(made_recording(9, [(0, 9)]), tmp_path / "out", "walk")
    write_openpose_3d(made_recording(2, [(0, 2)]), tmp_path / "out", "walk")
    assert len(list((tmp_path / "out").iterdir())) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_with_other_files_stays(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("years of work")
    with pytest.raises(OutputError, match=r"thesis\.txt, which is no keypoint file"):
        write_openpose_3d(made_recording(2, [(0, 2)]), tmp_path / "out", "walk")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


KILLED = """
import sys
from pathlib import Path

sys.path.append(sys.argv[2])
from made_motion import made_recording
from videopose.export.openpose import write_openpose_3d

write_openpose_3d(made_recording(20_000, [(0, 20_000)]), Path(sys.argv[1]), "walk")
"""


def test_a_killed_run_leaves_no_folder_of_that_name(tmp_path: Path) -> None:
    program = run_python(KILLED, str(tmp_path / "out"), str(Path(__file__).parents[1]))
    try:
        deadline = time.monotonic() + 60
        while not any(tmp_path.glob(".out.*.part/*.json")):
            assert program.poll() is None, program.stderr.read() if program.stderr else ""
            assert time.monotonic() < deadline, "nothing was written"
            time.sleep(0.02)
    finally:
        program.kill()
        program.communicate()
    assert not (tmp_path / "out").exists()
