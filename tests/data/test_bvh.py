"""BVH files of any make: closed forms, another reader, and what is said of malformed ones."""

import zipfile
from pathlib import Path

import bvhio
import numpy as np
import pytest

from videopose.data.bvh import forward_kinematics, parse_bvh, read_bvh
from videopose.errors import InputError

ARM = """HIERARCHY
ROOT Upper Arm
{
  OFFSET 1 2 3
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT Lower
  {
    OFFSET 2.0 0 0
    CHANNELS 3 Yrotation Xrotation Zrotation
    End Site
    {
      OFFSET 1 0 0
    }
  }
}
MOTION
Frames: 2
Frame Time: 0.04
10 0 0 90 0 0 0 0 0
0 5 0 0 0 90 -90 90 0

"""


def test_a_closed_form() -> None:
    arm = parse_bvh(ARM, "arm.bvh")
    assert arm.joint_names == ("Upper Arm", "Lower", "Lower_end")
    assert arm.parents == (-1, 0, 1)
    assert arm.channels[1] == ("Yrotation", "Xrotation", "Zrotation")
    assert arm.frame_time_s == 0.04
    positions, rotations = forward_kinematics(arm)
    # Z by 90 degrees turns x to y; Y by 90 turns x to -z, and -90 after it turns back.
    expected = [[[10, 0, 0], [10, 2, 0], [10, 3, 0]], [[0, 5, 0], [0, 5, -2], [1, 5, -2]]]
    np.testing.assert_allclose(positions, expected, atol=1e-12)
    np.testing.assert_allclose(rotations[1, 1], [[1, 0, 0], [0, 0, -1], [0, 1, 0]], atol=1e-12)


def test_loose_spelling_is_understood() -> None:
    text = ARM.replace("HIERARCHY", "hierarchy").replace("\n{", " {").replace("\n", "\r\n").replace("Zrot", "zROT")
    np.testing.assert_array_equal(parse_bvh(text, "arm.bvh").values, parse_bvh(ARM, "arm.bvh").values)


def test_no_frames_and_positions_of_inner_joints() -> None:
    still = parse_bvh(ARM.split("10 0 0")[0].replace("Frames: 2", "Frames: 0"), "arm.bvh")
    assert forward_kinematics(still)[0].shape == (0, 3, 3)
    moved = parse_bvh(
        ARM.replace("CHANNELS 3 Yrotation Xrotation Zrotation", "CHANNELS 1 Xposition")
        .replace("90 0 0 0 0 0", "90 0 0 7")
        .replace("0 0 90 -90 90 0", "0 0 90 7"),
        "arm.bvh",
    )
    np.testing.assert_allclose(forward_kinematics(moved)[0][0, 1], [10, 7, 0], atol=1e-12)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("HIERARCHY", "SKELETON", "line 1: `SKELETON` where HIERARCHY was expected"),
        (ARM, "", "line 1: the file ends where HIERARCHY was expected"),
        (ARM, "\x00\x7fELF", "where HIERARCHY was expected"),
        ("OFFSET 2.0 0 0", "OFFSET 2.0 zero 0", "line 8: `zero` where an offset was expected"),
        ("OFFSET 2.0", "OFFSET nan", "line 8: an offset is not finite"),
        ("CHANNELS 3", "CHANNELS 9", "line 9: 9 channels"),
        ("Yrotation Xrotation Zrotation", "Yrotation Wrotation Zrotation", "line 9: unknown channel `Wrotation`"),
        ("CHANNELS 3", "CHANNELS 2", "line 9: `ZROTATION` where OFFSET, CHANNELS, JOINT"),
        ("  }\n}\nMOTION", "  }\nMOTION", "line 15: `MOTION` where OFFSET"),
        ("    }\n  }\n}\n", "    }\n  }\n}\n}\n", "line 16: `}` where MOTION"),
        ("MOTION", "ROOT B { }\nMOTION", "line 16: `ROOT` where MOTION"),
        ("Frames: 2", "Frames: 2.5", "line 17: 2.5 is no number of frames"),
        ("Frames: 2", "Frames: 1", "line 20: more than the 1 frames"),
        ("Frames: 2", "Frames: 3", "line 20: the file ends after 2 of 3 frames"),
        ("Frame Time: 0.04", "Frame Time: 0", "line 18: a frame time of 0 s"),
        ("0 5 0 0 0 90 -90 90 0", "0 5 0 0 0 90 -90 90", "line 20: 8 numbers for 9 channels"),
        ("0 5 0 0 0 90 -90 90 0", "0 5 0 0 0 90 x 90 0", "line 20: could not convert string to float: 'x'"),
        ("0 5 0 0 0 90 -90 90 0", "0 5 0 0 0 90 inf 90 0", "line 20: a number is not finite"),
    ],
)
def test_malformed_files_name_the_line(old: str, new: str, message: str) -> None:
    assert old in ARM
    with pytest.raises(InputError) as caught:
        parse_bvh(ARM.replace(old, new, 1), "arm.bvh")
    assert message in str(caught.value)
    assert str(caught.value).startswith("arm.bvh: line ")


def test_deep_nesting_is_no_trouble() -> None:
    depth = 3000
    text = "HIERARCHY ROOT a { OFFSET 0 0 0 CHANNELS 0 " + "JOINT b { OFFSET 1 0 0 CHANNELS 0 " * depth + "}" * depth
    chain = parse_bvh(text + "}\nMOTION\nFrames: 0\nFrame Time: 1", "deep.bvh")
    assert len(chain.joint_names) == depth + 1


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.bvh: cannot be read"):
        read_bvh(tmp_path / "none.bvh")


@pytest.mark.shared
@pytest.mark.parametrize("name", ["salsa/salsa_01.bvh", "indian/indian_13.bvh"])
def test_dances_as_another_reader_has_them(name: str, shared_dir: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(shared_dir / "mocap" / "dance_bvh.zip") as archive:
        lines = archive.read(name).decode().splitlines()
    start = next(row for row, line in enumerate(lines) if line.startswith("Frame Time"))
    assert len(parse_bvh("\n".join(lines), name)) == len(lines) - start - 1
    rows = lines[start + 1 :: 500]
    path = tmp_path / "dance.bvh"
    path.write_text("\n".join([*lines[: start - 1], f"Frames: {len(rows)}", lines[start], *rows]))
    dance = read_bvh(path)
    positions, _ = forward_kinematics(dance)
    root = bvhio.readAsHierarchy(str(path))
    for frame in range(len(rows)):
        root.loadPose(frame)
        theirs = {joint.Name: np.array(joint.PositionWorld) for joint, _, _ in root.layout()}
        shown = [index for index, joint in enumerate(dance.joint_names) if joint in theirs]
        assert len(shown) == 43  # it shows no end sites
        expected = [theirs[dance.joint_names[index]] for index in shown]
        np.testing.assert_allclose(positions[frame, shown], expected, atol=5e-3)
