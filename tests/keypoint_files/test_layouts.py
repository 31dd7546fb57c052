"""Layouts of other programs, mapped to COCO's keypoints by joint name."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from videopose.errors import InputError
from videopose.keypoint_files.layouts import BODY25, LAYOUTS, canonical_name, layout_by_count, mapping_of
from videopose.skeletons import COCO17

BODY = {
    "nose": (100, 60),
    "left_eye": (104, 54),
    "right_eye": (96, 54),
    "left_ear": (109.6, 56),
    "right_ear": (90.4, 56),
    "left_shoulder": (120, 100),
    "right_shoulder": (80, 100),
    "left_elbow": (128, 140),
    "right_elbow": (72, 140),
    "left_wrist": (130, 175),
    "right_wrist": (70, 175),
    "left_hip": (112, 190),
    "right_hip": (88, 190),
    "left_knee": (113, 250),
    "right_knee": (87, 250),
    "left_ankle": (114, 310),
    "right_ankle": (86, 310),
    "head": (100, 20),
}
FACE = COCO17.joint_names[:5]


def person(names: tuple[str, ...], score: float = 0.8) -> np.ndarray:
    """(1, J, 3); joints of no interest lie far away."""
    return np.array([[(*BODY.get(name, (-999, -999)), score) for name in names]], np.float64)


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_every_layout_gives_the_limbs_as_they_are(layout: str) -> None:
    names = LAYOUTS[layout]
    mapped = mapping_of("file", names).apply(person(names))
    expected = person(COCO17.joint_names)
    np.testing.assert_array_equal(mapped[:, 5:], expected[:, 5:])
    # What is placed by proportions lies near by: the head of this body is 80 pixels high.
    assert np.abs(mapped[:, :5, :2] - expected[:, :5, :2]).max() < 12
    direct = [name in names for name in FACE]
    np.testing.assert_array_equal(mapped[0, :5][direct], expected[0, :5][direct])
    np.testing.assert_allclose(mapped[0, :5, 2], np.where(direct, 0.8, 0.4))


@pytest.mark.parametrize(
    ("lacking", "joint", "expected"),
    [
        (("nose",), "nose", (100, 54)),
        (("nose", "left_eye", "right_eye"), "nose", (100, 56)),
        (("left_eye",), "left_eye", (104.8, 58)),
        (("right_ear",), "right_ear", (90.4, 54)),
        # 0.6 of the way from the shoulders' middle (100, 100) to the head (100, 20).
        (FACE, "nose", (100, 52)),
        # The nose is then (0, -48) from the shoulders' middle, the left shoulder (40, 0) from the right one.
        (FACE, "left_eye", (103.6, 44.8)),
        (FACE, "right_ear", (92, 47.2)),
        (FACE[1:], "right_eye", (96.4, 54)),
        (FACE[1:], "left_ear", (108, 56)),
    ],
)
def test_what_lacks_of_the_face_is_placed(lacking: tuple[str, ...], joint: str, expected: tuple[float, float]) -> None:
    names = tuple(name for name in (*COCO17.joint_names, "head") if name not in lacking)
    mapped = mapping_of("file", names).apply(person(names))
    np.testing.assert_allclose(mapped[0, COCO17.index(joint), :2], expected, atol=1e-9)


def test_a_placed_joint_has_half_the_lowest_score_and_is_unknown_without_its_sources() -> None:
    names = tuple(name for name in COCO17.joint_names if name != "nose")
    keypoints = np.repeat(person(names), 2, axis=0)
    keypoints[0, names.index("left_eye"), 2] = 0.3
    keypoints[1, names.index("left_eye")] = (np.nan, np.nan, 0)
    nose = mapping_of("file", names).apply(keypoints)[:, 0]
    np.testing.assert_allclose(nose[0], (100, 54, 0.15))
    assert np.isnan(nose[1, :2]).all()
    assert nose[1, 2] == 0


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lshoulder", "left_shoulder"),
        ("L_Shoulder", "left_shoulder"),
        ("LShoulder", "left_shoulder"),
        ("left shoulder", "left_shoulder"),
        ("Left-Shoulder", "left_shoulder"),
        ("shoulder_l", "left_shoulder"),
        ("Rsho", "right_shoulder"),
        ("REar", "right_ear"),
        ("Rankle", "right_ankle"),
        ("HeadTop", "head"),
        ("top_head", "head"),
        ("Nose", "nose"),
        ("MidHip", "midhip"),
    ],
)
def test_joints_are_known_in_every_usual_spelling(name: str, expected: str) -> None:
    assert canonical_name(name) == expected


def test_human36m_feet_are_ankles() -> None:
    names = tuple(name.replace("ankle", "foot") for name in LAYOUTS["h36m17"])
    mapped = mapping_of("file", names).apply(np.arange(51.0).reshape(1, 17, 3))
    np.testing.assert_array_equal(mapped[0, COCO17.index("left_ankle")], np.arange(18, 21))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (COCO17.joint_names[:15], "layout of 15 joints lacks left_ankle, right_ankle"),
        (COCO17.joint_names[5:], "neither nose, eyes, ears nor the top of the head"),
        ((*COCO17.joint_names, "LKnee"), "has the joint left_knee twice"),
        ((), "layout of 0 joints lacks left_shoulder"),
    ],
)
def test_unfit_layouts_are_refused(names: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=rf"walk\.json: .*{message}"):
        mapping_of("walk.json", names)


def test_numbers_of_keypoints() -> None:
    assert len(BODY25) == 25
    assert layout_by_count("file", 18, ("coco17", "coco18")) == "coco18"
    with pytest.raises(InputError, match=r"19 keypoints, .* Known are 17 \(coco17\), 18 \(coco18\)"):
        layout_by_count("file", 19, ("coco17", "coco18"))


@given(
    names=st.sampled_from(sorted(LAYOUTS)),
    scale=st.floats(0.01, 100),
    shift=st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4)),
    turn=st.floats(-3.2, 3.2),
    seed=st.integers(0, 2**32 - 1),
)
def test_what_is_placed_moves_turns_and_grows_with_the_body(
    names: str, scale: float, shift: tuple[float, float], turn: float, seed: int
) -> None:
    mapping = mapping_of("file", LAYOUTS[names])
    keypoints = np.random.default_rng(seed).uniform(0, 100, (2, mapping.joints, 3))
    turned = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) * scale
    moved = keypoints.copy()
    moved[..., :2] = keypoints[..., :2] @ turned + shift
    expected = mapping.apply(keypoints)
    expected[..., :2] = expected[..., :2] @ turned + shift
    np.testing.assert_allclose(mapping.apply(moved), expected, rtol=1e-9, atol=1e-6)


@given(seed=st.integers(0, 2**32 - 1), layout=st.sampled_from(["mpi15", "h36m17", "humaneva15", "crowdpose14"]))
def test_left_and_right_are_placed_alike(seed: int, layout: str) -> None:
    names = LAYOUTS[layout]
    other = {"left": "right", "right": "left"}
    swapped = [
        names.index("_".join([other.get(name.split("_")[0], name.split("_")[0]), *name.split("_")[1:]]))
        for name in names
    ]
    keypoints = np.random.default_rng(seed).uniform(0, 100, (1, len(names), 3))
    mapping = mapping_of("file", names)
    mirrored = keypoints[:, swapped] * (-1, 1, 1)
    np.testing.assert_allclose(mapping.apply(mirrored), mapping.apply(keypoints)[:, COCO17.mirror] * (-1, 1, 1))
