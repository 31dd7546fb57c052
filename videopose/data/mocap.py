"""Motion capture as training data: joints of both layouts from skeletons, kept in one archive.

An archive is an .npz of plain arrays: `positions` (N, 22, 3) float32 world metres (Y up) of all clips one after the
other, with `clip_start`, `clip_length`, `clip_subject`, `clip_name` and `fps`.
"""

import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from videopose.data import bvh
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
_FIGURE_JOINTS = {
    "right_hip": "rThigh",
    "right_knee": "rShin",
    "right_ankle": "rFoot",
    "left_hip": "lThigh",
    "left_knee": "lShin",
    "left_ankle": "lFoot",
    "spine": "chest",
    "thorax": "neck",
    "left_shoulder": "lShldr",
    "left_elbow": "lForeArm",
    "left_wrist": "lHand",
    "right_shoulder": "rShldr",
    "right_elbow": "rForeArm",
    "right_wrist": "rHand",
}
"""Joints of the figure with eyes and fingers in which dance of the database circulates as BVH (centimetres)."""
_FIGURE_HEAD_CENTRE = (0.0, 0.05, -0.01)
_FIGURE_HEAD_TOP = (0.0, 0.19, 0.0)
"""Left, up, forward in metres from the figure's head joint; its eyes lie 8 cm above and in front of it."""
_FIGURE_THORAX = 0.55
"""Share of the way from the figure's chest to its neck at which the ASF skeletons have their thorax."""
_FIGURE_SHOULDER_M = 0.05
"""The figure's shoulders are 23 cm apart, the ASF skeletons' of its height 33 cm or more: moved outwards by this."""
DEFAULT_FPS = 120.0


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


def figure_joints(motion: bvh.BvhMotion, name: str) -> np.ndarray:
    """(T, 22, 3) float32 metres in the order of CAPTURE_JOINTS, from a BVH figure with eyes.

    Raises:
        InputError: the file holds another skeleton.
    """
    missing = [joint for joint in (*_FIGURE_JOINTS.values(), "head") if joint not in motion.joint_names]
    if missing:
        raise InputError(f"{name}: no joint is called {missing[0]}. Give BVH files with the dance figure's 43 joints.")
    positions, rotations = bvh.forward_kinematics(motion)
    index = motion.joint_names.index
    points = {joint: positions[:, index(source)] / 100 for joint, source in _FIGURE_JOINTS.items()}
    points["hip"] = (points["left_hip"] + points["right_hip"]) / 2
    points["thorax"] = points["spine"] + _FIGURE_THORAX * (points["thorax"] - points["spine"])
    across = points["left_shoulder"] - points["right_shoulder"]
    across /= np.linalg.norm(across, axis=-1, keepdims=True)
    for part in ("shoulder", "elbow", "wrist"):
        points[f"left_{part}"] = points[f"left_{part}"] + _FIGURE_SHOULDER_M * across
        points[f"right_{part}"] = points[f"right_{part}"] - _FIGURE_SHOULDER_M * across
    head, turn = positions[:, index("head")] / 100, rotations[:, index("head")]
    points["head"] = head + turn @ np.array(_FIGURE_HEAD_TOP)
    for joint, offset in _HEAD_POINTS.items():
        points[joint] = head + turn @ (np.array(_FIGURE_HEAD_CENTRE) + offset)
    return np.stack([points[joint] for joint in CAPTURE_JOINTS], axis=1).astype(np.float32)


def _texts(source: Path) -> Iterator[tuple[PurePosixPath, Callable[[], str]]]:
    """(path, reader) of every .asf, .amc and .bvh below a folder or inside a zip archive, sorted."""
    wanted = (".asf", ".amc", ".bvh")
    if source.is_dir():
        for path in sorted(source.rglob("*")):
            if path.suffix.lower() in wanted:
                name = PurePosixPath(path.relative_to(source).as_posix())
                yield name, lambda path=path: path.read_text("latin-1")  # type: ignore[misc]
        return
    try:
        archive = zipfile.ZipFile(source)
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{source}: neither a folder nor a readable zip archive. Give motion capture files."
        ) from error
    # The archive stays open as long as a reader refers to it.
    for member in sorted(archive.namelist()):
        if member.lower().endswith(wanted):
            yield PurePosixPath(member), lambda member=member: archive.read(member).decode("latin-1")  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class Trial:
    """One recording as it was captured."""

    subject: str
    name: str
    path: str
    """Inside the folder or zip it was read from."""
    fps: float
    motion: Pose | bvh.BvhMotion
    """The CMU skeleton, or the dance figure."""

    def joints(self) -> np.ndarray:
        """(T, 22, 3) float32 metres, Y up, in the order of CAPTURE_JOINTS."""
        return capture_joints(self.motion) if isinstance(self.motion, Pose) else figure_joints(self.motion, self.path)


def read_trials(source: Path, rates: Mapping[str, float] | None = None) -> Iterator[Trial]:
    """Read every trial of a folder or zip: ASF/AMC in the layout of the CMU database, or BVH of the dance figure.

    Args:
        source: folder or zip with NN.asf and NN_MM.amc files, or .bvh files in a folder per subject.
        rates: frames per second of files whose path contains the key, where that is not 120 (ASF/AMC, which do not
            state it) or what the header says (BVH).

    Yields:
        One Trial per .amc or .bvh file, sorted by name.

    Raises:
        InputError: unreadable source, a trial without its skeleton, malformed files, nothing found.
    """
    skeletons: dict[PurePosixPath, AsfSkeleton] = {}
    trials = []
    for path, read in _texts(source):
        if path.suffix.lower() == ".asf":
            skeletons[path.with_suffix("")] = parse_asf(read(), str(path))
        else:
            trials.append((path, read))
    if not trials:
        raise InputError(f"{source}: no .amc and no .bvh files found. Give a folder or zip with motion capture.")
    for path, read in trials:
        motion: Pose | bvh.BvhMotion
        if path.suffix.lower() == ".bvh":
            subject = path.parent.name or path.stem
            motion = bvh.parse_bvh(read(), str(path))
            fps = round(1 / motion.frame_time_s, 3)
        else:
            subject, fps = path.stem.split("_")[0], DEFAULT_FPS
            skeleton = skeletons.get(path.parent / subject)
            if skeleton is None:
                raise InputError(
                    f"{path}: its skeleton {subject}.asf is missing beside it. Add it, or leave the trial out."
                )
            motion = forward_kinematics(skeleton, parse_amc(read(), skeleton, str(path)))
        fps = next((rate for part, rate in (rates or {}).items() if part in str(path)), fps)
        yield Trial(subject, path.stem, str(path), fps, motion)


def read_recordings(source: Path, rates: Mapping[str, float] | None = None, target_fps: float = 60.0) -> Iterator[Clip]:
    """The joints of every trial of a folder or zip at one rate, frames per second; see `read_trials`."""
    for trial in read_trials(source, rates):
        yield Clip(trial.subject, trial.name, at_rate(trial.joints(), trial.fps, target_fps), target_fps)


def at_rate(positions: np.ndarray, fps: float, target_fps: float) -> np.ndarray:
    """(T, J, 3) positions at another rate: frames picked where they coincide, interpolated linearly elsewhere."""
    times = np.arange(0, (len(positions) - 1) / fps + 1e-9, 1 / target_fps) * fps
    low = np.minimum(np.floor(times + 1e-6).astype(int), len(positions) - 1)
    share = np.maximum(times - low, 0.0)[:, None, None]
    upper = positions[np.minimum(low + 1, len(positions) - 1)]
    between: np.ndarray = (1 - share) * positions[low] + share * upper
    return between.astype(np.float32)


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
