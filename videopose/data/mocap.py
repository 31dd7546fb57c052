"""Motion capture as training data: joints of both layouts from skeletons, kept in one archive.

An archive is an .npz of plain arrays: `positions` (N, 22, 3) float32 world metres (Y up) of all clips one after the
other, with `clip_start`, `clip_length`, `clip_subject`, `clip_name` and `fps`.
"""

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from videopose.data.asfamc import CMU_METRES_PER_UNIT, AsfSkeleton, Pose, forward_kinematics, parse_amc, parse_asf
from videopose.errors import InputError
from videopose.files import atomic_path
from videopose.skeletons import COCO17, H36M17

FACE = ("nose", "left_eye", "right_eye", "left_ear", "right_ear")
CAPTURE_JOINTS = H36M17.joint_names + FACE
"""What an archive holds: the 17 joints of Human3.6M, then COCO's face points."""

COCO_FROM_CAPTURE = np.array([CAPTURE_JOINTS.index(name) for name in COCO17.joint_names])
"""(17,) index of each COCO keypoint among CAPTURE_JOINTS."""

# Face points in the head bone's frame: left, up, forward in metres from half way between neck top and head top.
_HEAD_POINTS = {
    "neck": (0.0, -0.01, 0.08),
    "nose": (0.0, 0.0, 0.11),
    "left_eye": (0.03, 0.03, 0.09),
    "right_eye": (-0.03, 0.03, 0.09),
    "left_ear": (0.075, 0.0, 0.0),
    "right_ear": (-0.075, 0.0, 0.0),
}
_BONE_ENDS = {
    "right_hip": "rhipjoint",
    "right_knee": "rfemur",
    "right_ankle": "rtibia",
    "left_hip": "lhipjoint",
    "left_knee": "lfemur",
    "left_ankle": "ltibia",
    "spine": "upperback",
    "thorax": "thorax",
    "head": "head",
    "left_shoulder": "lclavicle",
    "left_elbow": "lhumerus",
    "left_wrist": "lradius",
    "right_shoulder": "rclavicle",
    "right_elbow": "rhumerus",
    "right_wrist": "rradius",
}


@dataclass(frozen=True, slots=True)
class Clip:
    """One recorded movement."""

    subject: str
    name: str
    positions: np.ndarray
    """(T, 22, 3) float32 world metres, Y up, joints in the order of CAPTURE_JOINTS."""
    fps: float


def capture_joints(pose: Pose) -> np.ndarray:
    """(T, 22, 3) float32 metres in the order of CAPTURE_JOINTS, from a CMU skeleton in motion."""
    points = {joint: pose.ends[bone] * CMU_METRES_PER_UNIT for joint, bone in _BONE_ENDS.items()}
    points["hip"] = (points["left_hip"] + points["right_hip"]) / 2
    centre = (pose.ends["upperneck"] + pose.ends["head"]) / 2 * CMU_METRES_PER_UNIT
    # CMU subjects rest facing +Z with Y up: left, up, forward are the turned x, y, z.
    for joint, offset in _HEAD_POINTS.items():
        points[joint] = centre + pose.rotations["head"].apply(offset)
    return np.stack([points[joint] for joint in CAPTURE_JOINTS], axis=1).astype(np.float32)


def _texts(source: Path) -> Iterator[tuple[str, Callable[[], str]]]:
    """(name with folders, reader) of every .asf and .amc below a folder or inside a zip archive, sorted."""
    if source.is_dir():
        for path in sorted(source.rglob("*")):
            if path.suffix.lower() in (".asf", ".amc"):
                yield path.relative_to(source).as_posix(), lambda path=path: path.read_text("latin-1")  # type: ignore[misc]
        return
    try:
        archive = zipfile.ZipFile(source)
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{source}: neither a folder nor a readable zip archive. Give motion capture files."
        ) from error
    # The archive stays open as long as a reader refers to it.
    for name in sorted(archive.namelist()):
        if name.lower().endswith((".asf", ".amc")):
            yield name, lambda name=name: archive.read(name).decode("latin-1")  # type: ignore[misc]


def read_asfamc(source: Path, fps: float = 120.0, target_fps: float = 60.0) -> Iterator[Clip]:
    """Read every trial of a folder or zip in the layout of the CMU database.

    Args:
        source: folder or zip with NN.asf and NN_MM.amc files.
        fps: recording rate of the files, which do not state it.
        target_fps: rate of the result; `fps` must be a multiple.

    Yields:
        One Clip per .amc file, sorted by name.

    Raises:
        InputError: unreadable source, a trial without its skeleton, malformed files, nothing found.
    """
    step = round(fps / target_fps)
    skeletons: dict[PurePosixPath, AsfSkeleton] = {}
    waiting = []
    for name, read in _texts(source):
        path = PurePosixPath(name)
        if path.suffix.lower() == ".asf":
            skeletons[path.with_suffix("")] = parse_asf(read(), name)
        else:
            waiting.append((path, read))
    if not waiting:
        raise InputError(f"{source}: no .amc files found. Give a folder or zip with motion capture in ASF/AMC form.")
    for path, read in waiting:
        subject = path.stem.split("_")[0]
        skeleton = skeletons.get(path.parent / subject)
        if skeleton is None:
            raise InputError(
                f"{path}: its skeleton {subject}.asf is missing beside it. Add it, or leave the trial out."
            )
        motion = parse_amc(read(), skeleton, str(path))
        motion = {bone: values[::step] for bone, values in motion.items()}
        yield Clip(subject, path.stem, capture_joints(forward_kinematics(skeleton, motion)), fps / step)


def write_archive(path: Path, clips: list[Clip]) -> None:
    """Write clips of one frame rate to an archive."""
    lengths = np.array([len(clip.positions) for clip in clips], dtype=np.int64)
    with atomic_path(path) as temporary, temporary.open("wb") as stream:
        np.savez(
            stream,
            positions=np.concatenate([clip.positions for clip in clips]),
            clip_start=np.concatenate([[0], np.cumsum(lengths)[:-1]]),
            clip_length=lengths,
            clip_subject=np.array([clip.subject for clip in clips]),
            clip_name=np.array([clip.name for clip in clips]),
            fps=np.float64(clips[0].fps),
        )


def read_archive(path: Path) -> list[Clip]:
    """Read an archive.

    Raises:
        InputError: missing, not an archive of motion capture, or broken.
    """
    try:
        with np.load(path, allow_pickle=False) as data:
            positions = data["positions"]
            if positions.ndim != 3 or positions.shape[1:] != (len(CAPTURE_JOINTS), 3):
                raise ValueError(f"positions must be (*, {len(CAPTURE_JOINTS)}, 3), got {positions.shape}")
            return [
                Clip(str(subject), str(name), positions[start : start + length], float(data["fps"]))
                for subject, name, start, length in zip(
                    data["clip_subject"], data["clip_name"], data["clip_start"], data["clip_length"], strict=True
                )
            ]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{path}: not an archive of motion capture ({error}). Make one with videopose prepare mocap."
        ) from error
