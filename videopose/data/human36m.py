"""Preparing Human3.6M: from the 3D positions as they are distributed to the public archives.

Source of what is kept and how it is named: VideoPose3D's datasets; of the cameras: `rig`.
"""

import io
import re
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from videopose.data.archive import write_objects
from videopose.data.keypoint_layouts import sides
from videopose.data.rig import CORRUPT, Camera, cameras
from videopose.errors import InputError
from videopose.progress import Progress, SilentProgress
from videopose.skeletons import H36M17, H36M17_FROM_H36M32, H36M32

SUBJECTS = ("S1", "S5", "S6", "S7", "S8", "S9", "S11")
FILES_A_SUBJECT = 30
NAME_3D, NAME_2D = "data_3d_h36m.npz", "data_2d_h36m_gt.npz"
_FORMS = {
    ".cdf": re.compile(r"(?:^|/)(S\d+)/MyPoseFeatures/D3_Positions/([^/]+)\.cdf$"),
    ".cdf.mat": re.compile(r"(?:^|/)(S\d+)/MyPoseFeatures/D3_Positions/([^/]+)\.cdf\.mat$"),
    ".h5": re.compile(r"(?:^|/)(S\d+)/MyPoses/3D_positions/([^/]+)\.h5$"),
}
_RENAMED = {"TakingPhoto": "Photo", "WalkingDog": "WalkDog"}

Positions = dict[str, dict[str, np.ndarray]]


@dataclass(frozen=True, slots=True)
class _Source:
    """One file of one subject doing one thing."""

    subject: str
    action: str
    form: str
    name: str
    """Path within the folder or zip archive."""


def action_name(text: str) -> str:
    """The name that the archives use for an action of the raw files: `WalkingDog_1` is `WalkDog 1`."""
    text = text.replace("_", " ").strip()
    for old, new in _RENAMED.items():
        text = text.replace(old, new)
    return text


def read_positions(source: Path, allow_missing: bool = False, progress: Progress | None = None) -> Positions:
    """Read the 3D positions of a copy of Human3.6M.

    Known are folders, and zip archives, that hold `S*/MyPoseFeatures/D3_Positions/*.cdf`, the same as `*.cdf.mat`, or
    `S*/MyPoses/3D_positions/*.h5` (the form of Martinez et al.), at whatever depth.

    Args:
        source: folder or zip archive.
        allow_missing: take what is there of the seven subjects with 30 files each.
        progress: is told of every file.

    Returns:
        By subject and action (T, 32, 3) float32 metres, world axes. S11/Directions is left out.

    Raises:
        InputError: nothing known is there, files are missing, or one is broken.
    """
    progress = progress or SilentProgress()
    archive = _open_zip(source)
    names = _names(source) if archive is None else iter(archive.namelist())
    found = _sources(names)
    if not found:
        raise InputError(
            f"{source}: holds no S*/MyPoseFeatures/D3_Positions/*.cdf or *.cdf.mat and no S*/MyPoses/3D_positions/*.h5."
            " Give the folder with the subjects' folders, or h36m.zip."
        )
    if not allow_missing:
        _check_complete(source, found)
    positions: Positions = {subject: {} for subject in SUBJECTS if any(one.subject == subject for one in found)}
    progress.begin("read positions", len(found), "files")
    try:
        for index, one in enumerate(found):
            progress.advance(index)
            if one.action in positions[one.subject]:
                raise InputError(f"{source / one.name}: {one.subject}/{one.action} is there twice. Take one away.")
            if (one.subject, one.action) != CORRUPT:
                positions[one.subject][one.action] = _read(source, archive, one)
        progress.advance(len(found))
    finally:
        progress.end()
        if archive is not None:
            archive.close()
    return positions


def project_positions(positions: Positions) -> dict[str, dict[str, list[np.ndarray]]]:
    """What each subject's four cameras see of the 17 joints that are used.

    Args:
        positions: by subject and action (T, 32, 3) float32 metres, world axes.

    Returns:
        By subject and action, for each camera, (T, 17, 2) float32 pixels, with the lens's distortion.
    """
    indices = list(H36M17_FROM_H36M32)
    return {
        subject: {
            action: [project_world(joints[:, indices], camera) for camera in cameras("human36m", subject)]
            for action, joints in actions.items()
        }
        for subject, actions in positions.items()
    }


def project_world(points: np.ndarray, camera: Camera) -> np.ndarray:
    """(..., 3) float32 metres in world axes to (..., 2) float32 pixels of a camera with known intrinsics.

    The order of operations, and which are done in double precision, give the public archives to the last bit.
    """
    inner = torch.from_numpy(camera.intrinsics())
    focal, center, radial, tangential = inner[:2], inner[2:4], inner[4:7], inner[7:]
    moved = torch.from_numpy(points - camera.position_m)
    w, axis = float(camera.orientation[0]), torch.from_numpy(-camera.orientation[1:]).expand_as(moved)
    once = torch.linalg.cross(axis, moved)
    turned = moved + 2 * (w * once + torch.linalg.cross(axis, once))
    plane = torch.clamp(turned[..., :2] / turned[..., 2:], -1, 1)
    r2 = torch.sum(plane**2, -1, keepdim=True)
    gain = 1 + torch.sum(radial * torch.cat([r2, r2**2, r2**3], -1), -1, keepdim=True)
    gain = gain + torch.sum(tangential * plane, -1, keepdim=True)
    screen = focal * (plane * gain + tangential * r2) + center
    width, height = camera.image_size
    pixels: np.ndarray = (screen.numpy() + np.array([1, height / width])) * width / 2
    return pixels.astype(np.float32)


def keypoint_metadata() -> dict[str, Any]:
    """What the public archive of projected joints says of them; it does not name the layout."""
    left, right = sides(H36M17)
    return {"num_joints": len(H36M17), "keypoints_symmetry": [list(np.array(left)), list(np.array(right))]}


def write_human36m(folder: Path, positions: Positions) -> tuple[Path, Path]:
    """Write `data_3d_h36m.npz` and, of the joints projected, `data_2d_h36m_gt.npz`.

    Raises:
        OutputError: a file cannot be written.
    """
    write_objects(folder / NAME_3D, positions_3d=positions)
    write_objects(folder / NAME_2D, positions_2d=project_positions(positions), metadata=keypoint_metadata())
    return folder / NAME_3D, folder / NAME_2D


def _open_zip(source: Path) -> zipfile.ZipFile | None:
    if source.is_dir():
        return None
    try:
        return zipfile.ZipFile(source)
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(f"{source}: is no folder and no zip archive. Give one of them.") from error


def _names(source: Path) -> Iterator[str]:
    for path in source.rglob("*"):
        yield path.relative_to(source).as_posix()


def _sources(names: Iterator[str]) -> list[_Source]:
    """Files of the seven subjects in one form, subjects in their order, actions by name."""
    by_form: dict[str, list[_Source]] = {form: [] for form in _FORMS}
    for name in names:
        for form, pattern in _FORMS.items():
            match = pattern.search(name)
            # _ALL files join the others.
            if match and match[1] in SUBJECTS and not match[2].startswith(("_", ".")):
                by_form[form].append(_Source(match[1], action_name(match[2]), form, name))
    # A copy often holds both the raw files and their .mat form.
    found = max(by_form.values(), key=len)
    return sorted(found, key=lambda one: (SUBJECTS.index(one.subject), one.action, one.name))


def _check_complete(source: Path, found: list[_Source]) -> None:
    for subject in SUBJECTS:
        count = sum(one.subject == subject for one in found)
        if count != FILES_A_SUBJECT:
            raise InputError(
                f"{source}: has {count} {found[0].form} files of the subject {subject}, not {FILES_A_SUBJECT}. "
                "Complete the copy, or prepare what is there with --allow-missing."
            )


def _read(source: Path, archive: zipfile.ZipFile | None, one: _Source) -> np.ndarray:
    """(T, 32, 3) float32 metres."""
    path = source / one.name
    try:
        raw = path if archive is None else io.BytesIO(archive.read(one.name))
        millimetres = np.asarray(_READERS[one.form](raw))
    except Exception as error:  # each library has its own
        what = f"{type(error).__name__}: {error}".splitlines()[0][:100]
        raise InputError(f"{path}: cannot be read ({what}). Fetch or unpack it again.") from error
    frames = millimetres.size // (3 * len(H36M32))
    flat = 3 * len(H36M32)
    if millimetres.dtype.kind != "f" or millimetres.shape not in ((frames, flat), (1, frames, flat)) or not frames:
        raise InputError(
            f"{path}: holds {millimetres.dtype} of shape {millimetres.shape}, not a row of {flat} numbers a frame. "
            "Give the files of D3_Positions."
        )
    metres = (millimetres / 1000).astype(np.float32).reshape(frames, len(H36M32), 3)
    if not np.isfinite(metres).all():
        raise InputError(f"{path}: holds NaN or infinity. Fetch or unpack it again.")
    return np.ascontiguousarray(metres)


def _read_cdf(raw: Path | io.BytesIO) -> Any:
    import cdflib

    if isinstance(raw, Path):
        return cdflib.CDF(raw).varget("Pose")
    # It reads by path alone.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "raw.cdf"
        path.write_bytes(raw.getvalue())
        return cdflib.CDF(path).varget("Pose")


def _read_mat(raw: Path | io.BytesIO) -> Any:
    from scipy.io import loadmat

    data = loadmat(raw)["data"]
    # Converted from CDF by MATLAB: a cell array with the one variable.
    return data[0, 0] if data.dtype == object else data


def _read_h5(raw: Path | io.BytesIO) -> Any:
    import h5py

    with h5py.File(raw, "r") as file:
        return np.asarray(file["3D_positions"]).T


_READERS = {".cdf": _read_cdf, ".cdf.mat": _read_mat, ".h5": _read_h5}
