"""Data that lifters are judged on, read from files: folders of fixed views, and views rendered from motion capture."""

import math
import re
import zlib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np

from videopose.data.actions import action_of
from videopose.data.clip_views import IMAGE_SIZE, render_clip
from videopose.data.mocap import Clip, at_rate, read_archive
from videopose.data.views import ViewSettings
from videopose.errors import InputError, UsageError
from videopose.export import read_keypoints
from videopose.skeletons import COCO17, H36M17
from videopose.train.recipe import read_recipe
from videopose.train.sequences import MIN_FRAMES, EvaluationData, EvaluationSequence

KINDS = ("views", "mocap")
HELD_OUT_BY = "wild-243"
"""The recipe whose validation subjects are judged on, where no other is named."""
CAMERAS = 4
"""Views rendered of each window of motion capture."""
WINDOW_S = 10.0
"""Longer trials are cut into equal windows of at most this, each with bodies and cameras of its own."""


class ViewFolder:
    """A folder of NPZ files with one person each: `keypoints_2d`, `image_size`, times, and `target_joints_3d`."""

    layout = COCO17.name

    def __init__(self, folder: Path, subjects: Collection[str] | None = None, clean: bool = False) -> None:
        """List the files; they are read one at a time.

        Args:
            folder: with files `SUBJECT_TRIAL_viewN.npz` (other names are trials and subjects of their own).
            subjects: those to take; None takes all.
            clean: `keypoints_2d_clean` instead of `keypoints_2d`.

        Raises:
            InputError: not a folder, or without NPZ files.
            UsageError: a subject is not there.
        """
        if not folder.is_dir():
            raise InputError(f"{folder}: not a folder. Give a folder of NPZ files, or --dataset mocap for an archive.")
        paths = sorted(folder.glob("*.npz"))
        if not paths:
            raise InputError(f"{folder}: no NPZ files in it. Give a folder with keypoints and true joints.")
        _check_subjects(folder, subjects, {_names(path)[0] for path in paths})
        self.paths = [path for path in paths if subjects is None or _names(path)[0] in subjects]
        self.clean = clean
        chosen = [",".join(sorted(subjects))] if subjects else []
        self.name = ":".join([folder.resolve().name, *chosen, *(["clean"] if clean else [])])

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[EvaluationSequence]:
        """Read the files.

        Raises:
            InputError: one is damaged, lacks a key, or its arrays do not fit.
        """
        return map(self._read, self.paths)

    def _read(self, path: Path) -> EvaluationSequence:
        given = read_keypoints(path)
        people, frames = given.keypoints_2d.shape[:2]
        if people != 1:
            raise InputError(f"{path}: keypoints_2d holds {people} people. Save one person to a file.")
        if given.focal_px is None:
            raise InputError(f"{path}: the key `focal_px` is missing. Add the camera's focal length in pixels.")
        with np.load(path, allow_pickle=False) as content:
            keypoints = given.keypoints_2d[0]
            if self.clean:
                keypoints = _array(path, content, "keypoints_2d_clean", keypoints.shape)
            target = _array(path, content, "target_joints_3d", (frames, len(H36M17), 3))
            root = _array(path, content, "target_root_3d", (frames, 3)) if "target_root_3d" in content else None
        subject, trial = _names(path)
        try:
            return EvaluationSequence(
                path.stem, action_of(subject, trial), subject, keypoints, given.time_s,
                (int(given.image_size[0]), int(given.image_size[1])), given.focal_px, target, root,
            )  # fmt: skip
        except ValueError as error:
            raise InputError(f"{path}: {error}. Mend the file, or take it out of the folder.") from error


class MocapViews:
    """Subjects of an archive of motion capture before random cameras and a random detector, the same every time."""

    layout = COCO17.name

    def __init__(
        self,
        path: Path,
        subjects: Collection[str] | None = None,
        recipe: str | None = None,
        clean: bool = False,
        cameras: int = CAMERAS,
        seed: int = 0,
    ) -> None:
        """Read the archive.

        Args:
            path: made by `videopose prepare mocap`.
            subjects: those to take; None takes those that the recipe keeps out of training.
            recipe: whose bodies, cameras and detectors are drawn (`wild-243` or a TOML file); None: the package's own,
                with the subjects that `wild-243` keeps out.
            clean: exact keypoints instead of detections.
            cameras: views of each window.
            seed: another seed gives other views.

        Raises:
            InputError: not an archive, no such recipe, or nothing long enough.
            UsageError: a subject is not there.
        """
        if path.is_dir():
            raise InputError(f"{path}: a folder. Give an archive made by videopose prepare mocap, or --dataset views.")
        clips = read_archive(path)
        there = {clip.subject for clip in clips}
        if subjects is None:
            subjects = there & set(read_recipe(recipe or HELD_OUT_BY).validation_subjects)
        _check_subjects(path, subjects, there)
        self.settings = read_recipe(recipe).views if recipe else ViewSettings()
        self.clean = clean
        self.seed = seed
        self.windows = [
            (clip, number, positions, camera)
            for clip in clips
            if clip.subject in subjects
            for number, positions in enumerate(_windows(path, clip, self.settings.frame_rate))
            for camera in range(cameras)
        ]
        if not self.windows:
            raise InputError(
                f"{path}: no trial of these subjects is {MIN_FRAMES} frames long. Choose other --subjects."
            )
        choices = {recipe or "": recipe, f"cameras{cameras}": cameras != CAMERAS, f"seed{seed}": seed, "clean": clean}
        self.name = ":".join(
            ["mocap", ",".join(sorted(subjects)), *(text for text, is_own in choices.items() if is_own)]
        )

    def __len__(self) -> int:
        return len(self.windows)

    def __iter__(self) -> Iterator[EvaluationSequence]:
        """Render the views."""
        for clip, number, positions, camera in self.windows:
            name = f"{clip.name}.{number}.{camera}"
            # By name, so that a view stays the same whatever else is evaluated.
            view = render_clip(positions, self.settings, zlib.crc32(f"{self.seed} {name}".encode()), self.clean)
            yield EvaluationSequence(
                name, action_of(clip.subject, clip.name), clip.subject, view.keypoints, view.time_s, IMAGE_SIZE,
                view.focal_px, view.joints, view.root, view.up,
            )  # fmt: skip


def open_data(
    path: Path,
    kind: str | None = None,
    subjects: Collection[str] | None = None,
    *,
    clean: bool = False,
    recipe: str | None = None,
    cameras: int | None = None,
    seed: int | None = None,
) -> EvaluationData:
    """Data of the given kind (one of KINDS); None: a folder holds views, a file motion capture.

    The other arguments are those of `ViewFolder` and `MocapViews`; None leaves their defaults.

    Raises:
        InputError: the data is not of that kind, or broken.
        UsageError: a subject is not there, or an argument has no meaning for this kind.
    """
    kind = kind or ("views" if path.is_dir() else "mocap")
    if kind == "mocap":
        cameras = CAMERAS if cameras is None else cameras
        return MocapViews(path, subjects, recipe, clean, cameras, seed or 0)
    for name, value in {"recipe": recipe, "cameras": cameras, "seed": seed}.items():
        if value is not None:
            raise UsageError(f"--{name} is for motion capture, {path} holds fixed views. Leave it out.")
    return ViewFolder(path, subjects, clean)


def _check_subjects(path: Path, wanted: Collection[str] | None, there: Collection[str]) -> None:
    known = ", ".join(sorted(there))
    if wanted is not None and not wanted:
        raise UsageError(f"{path}: holds none of the subjects kept out of training. Choose --subjects from {known}.")
    if missing := sorted(set(wanted or ()) - set(there)):
        raise UsageError(f"{path}: has no subject {', '.join(missing)}. Choose --subjects from {known}.")


def _names(path: Path) -> tuple[str, str]:
    """Subject and trial, of `09_01_view0.npz` 09 and 09_01."""
    trial = re.sub(r"_view\d+$", "", path.stem)
    return trial.split("_")[0], trial


def _array(path: Path, content: np.lib.npyio.NpzFile, name: str, expected: Sequence[int | None]) -> np.ndarray:
    """The one person's part of an array (1, ...)."""
    if name not in content:
        raise InputError(f"{path}: the key `{name}` is missing. Add it to the file.")
    array = content[name]
    if array.dtype.kind not in "iuf" or array.shape != (1, *expected):
        want = ", ".join(map(str, expected))
        raise InputError(
            f"{path}: {name} is {array.dtype} {array.shape}, wanted are numbers (1, {want}), a row for every frame. "
            "Save it that way."
        )
    part: np.ndarray = array[0]
    return part


def _windows(path: Path, clip: Clip, rate: float) -> list[np.ndarray]:
    """Equal parts, (T, 22, 3) each, of a clip at another rate; none of one that is too short."""
    if not np.isfinite(clip.positions).all():
        raise InputError(f"{path}: positions of {clip.name} are not finite. Make the archive anew.")
    positions = at_rate(clip.positions, clip.fps, rate)
    if len(positions) < MIN_FRAMES:
        return []
    return np.array_split(positions, math.ceil(len(positions) / (rate * WINDOW_S)))
