"""Dance recordings as BVH, and rates."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from videopose.cli.main import run
from videopose.data.mocap import CAPTURE_JOINTS, Clip, at_rate, read_archive, read_recordings
from videopose.errors import InputError


@pytest.fixture(scope="module")
def dances(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dance")
    with zipfile.ZipFile(shared_dir / "mocap" / "dance_bvh.zip") as archive:
        archive.extractall(folder, [n for n in archive.namelist() if n.endswith(("salsa_01.bvh", "indian_04.bvh"))])
    return folder


@pytest.mark.shared
def test_dancers_are_people(dances: Path) -> None:
    clips = list(read_recordings(dances))
    assert {clip.subject for clip in clips} == {"salsa", "indian"}
    for clip in clips:
        joint = {name: clip.positions[:, i] for i, name in enumerate(CAPTURE_JOINTS)}
        feet = np.minimum(joint["left_ankle"][:, 1], joint["right_ankle"][:, 1])
        assert 1.4 < np.percentile(joint["head"][:, 1] - feet, 90) < 1.8
        forward = joint["nose"] - (joint["left_ear"] + joint["right_ear"]) / 2
        left = joint["left_hip"] - joint["right_hip"]
        assert np.mean(np.einsum("td,td->t", np.cross([0.0, 1.0, 0.0], forward), left) > 0) > 0.95
        for part in ("elbow", "wrist", "knee", "ankle"):
            upper = {"elbow": "shoulder", "wrist": "elbow", "knee": "hip", "ankle": "knee"}[part]
            length = np.linalg.norm(joint[f"left_{part}"] - joint[f"left_{upper}"], axis=-1)
            assert np.ptp(length) < 1e-3
        width = np.linalg.norm(joint["left_shoulder"] - joint["right_shoulder"], axis=-1)
        assert 0.3 < width.mean() < 0.4


@pytest.mark.shared
def test_a_stated_rate_replaces_the_headers(dances: Path) -> None:
    slow = {clip.name: clip for clip in read_recordings(dances, {"salsa": 60.0})}
    fast = {clip.name: clip for clip in read_recordings(dances)}
    one, other = slow["salsa_01"].positions, fast["salsa_01"].positions
    assert abs(len(one) - 2 * len(other)) <= 1
    np.testing.assert_array_equal(one[: 2 * len(other) : 2], other)
    np.testing.assert_array_equal(slow["indian_04"].positions, fast["indian_04"].positions)


def test_at_rate_interpolates_a_straight_line() -> None:
    line = np.arange(50.0)[:, None, None] * np.ones((1, 22, 3))
    np.testing.assert_allclose(at_rate(line, 100.0, 60.0)[:, 0, 0], np.arange(30) * 100 / 60, rtol=1e-6)
    np.testing.assert_array_equal(at_rate(line, 120.0, 60.0), line[::2])
    assert len(at_rate(line[:1], 30.0, 60.0)) == 1


def test_another_figure_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.bvh").write_text(
        "HIERARCHY\nROOT Hips\n{\nOFFSET 0 0 0\nCHANNELS 3 Xposition Yposition Zposition\n"
        "End Site\n{\nOFFSET 0 1 0\n}\n}\n"
        "MOTION\nFrames: 1\nFrame Time: 0.01\n0 0 0\n"
    )
    with pytest.raises(InputError, match=r"a\.bvh: no joint is called rThigh"):
        list(read_recordings(tmp_path))


@pytest.mark.shared
@pytest.mark.parametrize("rate", ["salsa", "salsa=fast", "=60", "salsa=0"])
def test_bad_rates(dances: Path, tmp_path: Path, rate: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["prepare", "mocap", str(dances), "-o", str(tmp_path / "a.npz"), "--rate", rate]) == 2
    assert "--rate" in capsys.readouterr().err


@pytest.mark.shared
def test_both_kinds_go_into_one_archive(dances: Path, tmp_path: Path) -> None:
    assert run(["prepare", "mocap", str(dances), "-o", str(tmp_path / "a.npz"), "--rate", "salsa=60"]) == 0
    clips: list[Clip] = read_archive(tmp_path / "a.npz")
    assert [clip.name for clip in clips] == ["indian_04", "salsa_01"]
