"""C3D files as others read them: ezc3d (C++, behind OpenSim and Pyomeca) and the package c3d."""

import struct
from pathlib import Path
from typing import Any

import c3d
import ezc3d
import numpy as np
import pytest
from made_motion import at_times, made_motion, markers, without

from videopose.errors import OutputError
from videopose.export import ExportSettings
from videopose.export.c3d import write_c3d
from videopose.export.markers import MARKERS
from videopose.types import Motion


def values(file: Any, group: str, name: str) -> Any:
    return file["parameters"][group][name]["value"]


def z_up_mm(motion: Motion) -> np.ndarray:
    """(T, 18, 3): x right, y away from the camera, z up."""
    x, y, z = np.moveaxis(markers(motion) * 1000, -1, 0)
    return np.stack([x, -z, y], axis=-1)


def places(file: Any) -> np.ndarray:
    """(T, M, 3) of ezc3d's (4, M, T)."""
    return np.asarray(file["data"]["points"][:3].transpose(2, 1, 0))


def test_ezc3d_reads_places_names_and_rate(tmp_path: Path) -> None:
    motion = made_motion(50, start=10, fps=29.97)
    write_c3d(motion, tmp_path / "walk.c3d", fps=29.97)
    file = ezc3d.c3d(str(tmp_path / "walk.c3d"))
    np.testing.assert_allclose(places(file), z_up_mm(motion), atol=1e-3)
    assert not file["data"]["meta_points"]["residuals"].any()
    assert values(file, "POINT", "LABELS") == [marker.name for marker in MARKERS]
    assert values(file, "POINT", "DESCRIPTIONS") == [marker.description for marker in MARKERS]
    assert values(file, "POINT", "UNITS") == ["mm"]
    assert (values(file, "POINT", "X_SCREEN"), values(file, "POINT", "Y_SCREEN")) == (["+X"], ["+Z"])
    assert values(file, "POINT", "RATE") == pytest.approx([29.97])
    assert file["header"]["points"]["frame_rate"] == pytest.approx(29.97)
    # ezc3d counts from 0, the file from 1
    assert (file["header"]["points"]["first_frame"], file["header"]["points"]["last_frame"]) == (10, 59)
    assert values(file, "TRIAL", "ACTUAL_START_FIELD").tolist() == [11, 0]
    assert values(file, "TRIAL", "ACTUAL_END_FIELD").tolist() == [60, 0]
    assert values(file, "ANALOG", "USED") == values(file, "FORCE_PLATFORM", "USED") == [0]
    assert file["data"]["analogs"].size == 0
    assert "LONG_FRAMES" not in file["parameters"]["POINT"]
    assert "EVENT" not in file["parameters"]


@pytest.mark.filterwarnings("ignore:No analog data")
def test_the_package_c3d_reads_the_same(tmp_path: Path) -> None:
    motion = without(made_motion(30, start=5), joints=[(7, "head")])
    write_c3d(motion, tmp_path / "walk.c3d", fps=30)
    with (tmp_path / "walk.c3d").open("rb") as stream:
        reader = c3d.Reader(stream)
        frames = list(reader.read_frames())
        assert [label.strip() for label in reader.point_labels] == [marker.name for marker in MARKERS]
        assert (reader.point_rate, reader.first_frame, reader.last_frame) == (30.0, 6, 35)
        assert reader.get_screen_axis() == ("+X", "+Z")
    assert [number for number, _, _ in frames] == list(range(6, 36))
    points = np.stack([points for _, points, _ in frames])
    known = np.isfinite(z_up_mm(motion)).all(-1)
    np.testing.assert_allclose(points[..., :3][known], z_up_mm(motion)[known], atol=1e-3)
    assert (points[..., 3] == -1).tolist() == (~known).tolist()


def test_unknown_joints_have_no_residual(tmp_path: Path) -> None:
    whole = made_motion(20)
    motion = without(whole, joints=[(3, "left_knee"), (4, "right_wrist")], root=slice(0, 5))
    write_c3d(motion, tmp_path / "walk.c3d", fps=30)
    file = ezc3d.c3d(str(tmp_path / "walk.c3d"))
    residuals = file["data"]["meta_points"]["residuals"][0].T
    names = values(file, "POINT", "LABELS")
    rows = [[3, names.index("LKnee")], [4, names.index("RWrist")]]
    assert np.argwhere(residuals != 0).tolist() == rows
    assert residuals[3, names.index("LKnee")] == -1
    assert np.argwhere(np.isnan(places(file)).any(-1)).tolist() == rows
    # the first known place is held backwards
    np.testing.assert_allclose(places(file)[:5, 0], np.repeat(z_up_mm(whole)[5:6, 0], 5, axis=0), atol=1e-3)


def test_axes_and_units_on_demand(tmp_path: Path) -> None:
    motion = made_motion(5)
    write_c3d(motion, tmp_path / "walk.c3d", fps=30, settings=ExportSettings(up="y", units="m"))
    file = ezc3d.c3d(str(tmp_path / "walk.c3d"))
    np.testing.assert_allclose(places(file), markers(motion), atol=1e-6)
    assert values(file, "POINT", "UNITS") == ["m"]
    assert values(file, "POINT", "Y_SCREEN") == ["+Y"]


def test_a_variable_rate_becomes_an_even_one(tmp_path: Path) -> None:
    motion = made_motion(10)
    motion = at_times(motion, np.array([0, 1, 2, 3, 4, 8, 9, 10, 11, 12]) / 30)
    write_c3d(motion, tmp_path / "walk.c3d", fps=30)
    seen, true = places(ezc3d.c3d(str(tmp_path / "walk.c3d"))), z_up_mm(motion)
    assert len(seen) == 13
    np.testing.assert_allclose(seen[[0, 4, 8, 12]], true[[0, 4, 5, 9]], atol=1e-3)
    np.testing.assert_allclose(seen[6], true[[4, 5]].mean(0), atol=1e-3)


@pytest.mark.parametrize(
    ("frames", "start"),
    [(1, 0), (1, 65534), (3, 65533), (100, 70_000), (65_535, 0), (65_536, 0), (70_001, 9)],
)
def test_any_number_of_frames_at_any_place(frames: int, start: int, tmp_path: Path) -> None:
    motion = made_motion(frames, start=start)
    write_c3d(motion, tmp_path / "long.c3d", fps=30)
    file = ezc3d.c3d(str(tmp_path / "long.c3d"))
    seen = places(file)
    assert len(seen) == frames
    ends = [0, -1]
    np.testing.assert_allclose(seen[ends], z_up_mm(motion)[ends], atol=1e-3)
    assert not file["data"]["meta_points"]["residuals"].any()
    for name, number in (("START", start + 1), ("END", start + frames)):
        low, high = values(file, "TRIAL", f"ACTUAL_{name}_FIELD").tolist()
        assert (low & 0xFFFF) + (high << 16) == number  # ezc3d takes the words for signed ones
    if frames >= 65_535:
        assert values(file, "POINT", "LONG_FRAMES").tolist() == [frames]


@pytest.mark.filterwarnings("ignore:No analog data")
def test_the_package_c3d_reads_more_frames_than_16_bits_count(tmp_path: Path) -> None:
    write_c3d(made_motion(66_000), tmp_path / "long.c3d", fps=30)
    with (tmp_path / "long.c3d").open("rb") as stream:
        reader = c3d.Reader(stream)
        assert (reader.first_frame, reader.last_frame) == (1, 66_000)
        assert sum(1 for _ in reader.read_frames(copy=False)) == 66_000


def test_sections_start_at_blocks(tmp_path: Path) -> None:
    write_c3d(made_motion(7), tmp_path / "walk.c3d", fps=30)
    content = (tmp_path / "walk.c3d").read_bytes()
    first_block, key, points, analog, first, last = struct.unpack_from("<BBHHHH", content)
    assert (first_block, key, points, analog, first, last) == (2, 0x50, 18, 0, 1, 7)
    (data_block,) = struct.unpack_from("<H", content, 16)
    blocks, processor = content[512 + 2 : 512 + 4]
    assert processor == 84
    assert data_block == 2 + blocks
    assert len(content) % 512 == 0
    assert (data_block - 1) * 512 + 7 * 18 * 16 <= len(content)


def test_identical_motion_gives_identical_bytes(tmp_path: Path) -> None:
    for name in ("a.c3d", "b.c3d"):
        write_c3d(made_motion(7), tmp_path / name, fps=30)
    assert (tmp_path / "a.c3d").read_bytes() == (tmp_path / "b.c3d").read_bytes()


def test_a_name_in_any_script(tmp_path: Path) -> None:
    write_c3d(made_motion(7), tmp_path / "Läufe 走る.c3d", fps=30)
    assert len(places(ezc3d.c3d(str(tmp_path / "Läufe 走る.c3d")))) == 7


@pytest.mark.parametrize(("frames", "fps"), [(0, 30), (3, 0)], ids=["no frame", "no rate"])
def test_what_cannot_be_written(frames: int, fps: float, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a file of markers needs"):
        write_c3d(made_motion(frames), tmp_path / "walk.c3d", fps=fps)
    assert not list(tmp_path.iterdir())


def test_an_unwritable_place_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        write_c3d(made_motion(3), tmp_path / "file" / "walk.c3d", fps=30)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
