"""From the public .npz archives of a dataset to sequences that lifters are trained and judged on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from videopose.camera import normalize_screen, world_to_camera
from videopose.data.archive import read_objects
from videopose.data.keypoint_layouts import layout_of
from videopose.data.poses import PoseData, PoseSequence
from videopose.data.rig import CORRUPT, cameras, frame_rate, image_sizes
from videopose.errors import InputError, UsageError
from videopose.skeletons import H36M17, H36M17_FROM_H36M32, H36M32, HUMANEVA15, Skeleton

DATASETS = ("human36m", "humaneva15", "custom")
CUSTOM_FRAME_RATE = 50.0
"""Frames per second taken where an archive of one's own videos does not tell: what Human3.6M has."""
_SHORT = {"human36m": "h36m", "humaneva15": "humaneva15"}
_JOINTS = {"human36m": H36M32, "humaneva15": HUMANEVA15}


def open_poses(folder: Path, dataset: str, keypoints: str) -> PoseData:
    """Open a dataset's archives.

    Human3.6M and HumanEva give joints in camera axes of every sequence whose 3D is known; in HumanEva, what has no 3D
    (not in the archive, or NaN throughout) stays as unlabelled. One's own videos have no 3D.

    Args:
        folder: holds `data_3d_h36m.npz` and `data_2d_h36m_KEYPOINTS.npz`, or `data_3d_humaneva15.npz` and
            `data_2d_humaneva15_KEYPOINTS.npz`, or `data_2d_custom_KEYPOINTS.npz`.
        dataset: `human36m`, `humaneva15` or `custom`.
        keypoints: what the 2D came from, for example `gt`; the name of a custom archive.

    Raises:
        UsageError: another dataset.
        InputError: a file is missing or broken; 2D and 3D do not fit together, which names the file and the key.
    """
    if dataset not in DATASETS:
        raise UsageError(f"dataset {dataset!r} is not known. Choose from {', '.join(DATASETS)}.")
    path_2d = _existing(folder, dataset, f"data_2d_{_SHORT.get(dataset, dataset)}_{keypoints}.npz")
    if dataset == "custom":
        return _open_custom(path_2d, keypoints)
    path_3d = _existing(folder, dataset, f"data_3d_{_SHORT[dataset]}.npz")
    content = read_objects(path_2d, ("positions_2d", "metadata"))
    layout = layout_of(path_2d, content["metadata"])
    seen = _actions(path_2d, "positions_2d", content.pop("positions_2d"))
    known = _actions(path_3d, "positions_3d", read_objects(path_3d, ("positions_3d",))["positions_3d"])
    if dataset == "human36m":
        for actions in (seen, known):
            actions.get(CORRUPT[0], {}).pop(CORRUPT[1], None)
        _compare(path_3d, known, path_2d, seen, "positions_2d")
        _compare(path_2d, seen, path_3d, known, "positions_3d")
    else:
        _compare(path_3d, known, path_2d, seen, "positions_2d")
    sequences: list[PoseSequence] = []
    for subject, actions in seen.items():
        # What is done with is let go: the real archives fill a good part of a small machine.
        for action in list(actions):
            world = known.get(subject, {}).pop(action, None)
            points = actions.pop(action)
            key_2d, key_3d = (f"{key} {subject}/{action}" for key in ("positions_2d", "positions_3d"))
            if world is not None:
                world = _world(path_3d, key_3d, world, dataset)
            views = _views(path_2d, key_2d, points, layout, len(image_sizes(dataset)))
            sequences += _sequences(path_2d, dataset, (subject, action), views, world)
    if not sequences:
        raise InputError(f"{path_2d}: 'positions_2d' is empty. Make it again.")
    layout_out = HUMANEVA15 if dataset == "humaneva15" else H36M17
    return PoseData(f"{dataset}:{keypoints}", layout.name, layout_out.name, frame_rate(dataset), tuple(sequences))


def keypoint_layout(folder: Path, dataset: str, keypoints: str) -> Skeleton:
    """The layout of a dataset's 2D archive, without reading the rest of it; see `open_poses`.

    Raises:
        InputError: the file is missing or broken, or its layout is not known.
    """
    path = _existing(folder, dataset, f"data_2d_{_SHORT.get(dataset, dataset)}_{keypoints}.npz")
    return layout_of(path, read_objects(path, ("metadata",))["metadata"])


def _sequences(
    path: Path, dataset: str, name: tuple[str, str], views: list[np.ndarray], world: np.ndarray | None
) -> Iterator[PoseSequence]:
    """One sequence a camera, of the pixels in `views` and the joints in world axes."""
    subject, action = name
    known = cameras(dataset, subject) if dataset == "human36m" or world is not None else None
    for index, (view, size) in enumerate(zip(views, image_sizes(dataset), strict=True)):
        joints = root = None
        if world is not None and known is not None:
            if len(view) < len(world):
                raise InputError(
                    f"{path}: positions_2d {subject}/{action}, camera {index}, has {len(view)} frames, "
                    f"fewer than the {len(world)} of the 3D. Make both from the same recordings."
                )
            joints = world_to_camera(world, known[index].orientation, known[index].position_m)
            root = joints[:, 0].copy()
            joints -= root[:, None]
            # The public archives may hold a few frames more in 2D.
            view = view[: len(world)]
        yield PoseSequence(
            subject=subject,
            action=action,
            camera=index,
            keypoints=normalize_screen(view[..., :2], size).astype(np.float32, copy=False),
            image_size=size,
            joints=joints,
            root=root,
            intrinsics=None if known is None else known[index].intrinsics(),
        )


def _open_custom(path: Path, keypoints: str) -> PoseData:
    content = read_objects(path, ("positions_2d", "metadata"))
    metadata = content["metadata"]
    layout = layout_of(path, metadata)
    videos = metadata.get("video_metadata")
    sequences, rates = [], set()
    for video, actions in _actions(path, "positions_2d", content["positions_2d"]).items():
        try:
            facts = videos[video]
            size = int(facts["w"]), int(facts["h"])
            rates.add(float(facts.get("fps", CUSTOM_FRAME_RATE)))
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise InputError(
                f"{path}: 'metadata' has no 'video_metadata' with 'w' and 'h' of the video {video!r}. Make it again "
                "with `videopose prepare custom`."
            ) from error
        if min(size) < 1:
            raise InputError(f"{path}: 'metadata' says the video {video!r} has {size[0]}x{size[1]} pixels.")
        for action, points in actions.items():
            for index, view in enumerate(_views(path, f"positions_2d {video}/{action}", points, layout, None)):
                screen = normalize_screen(view[..., :2], size).astype(np.float32, copy=False)
                sequences.append(PoseSequence(video, action, index, screen, size))
    if not sequences:
        raise InputError(f"{path}: 'positions_2d' is empty. Make it again with `videopose prepare custom`.")
    rate = rates.pop() if len(rates) == 1 else CUSTOM_FRAME_RATE
    return PoseData(f"custom:{keypoints}", layout.name, H36M17.name, rate, tuple(sequences))


def _existing(folder: Path, dataset: str, name: str) -> Path:
    path = folder / name
    if path.exists():
        return path
    source = "SOURCES --name NAME" if dataset == "custom" else "SOURCE"
    prepare = f"`videopose prepare {dataset.removesuffix('15')} {source} -o {folder}`"
    if name.startswith("data_3d") or dataset == "custom" or name.endswith("_gt.npz"):
        raise InputError(f"{path}: does not exist. Make it with {prepare}.")
    stem = f"data_2d_{_SHORT[dataset]}_"
    there = ", ".join(sorted(one.stem.removeprefix(stem) for one in folder.glob(f"{stem}*.npz"))) or "none"
    raise InputError(f"{path}: does not exist. Put the detections there, or choose other keypoints (there: {there}).")


def _actions(path: Path, key: str, content: Any) -> dict[str, dict[str, Any]]:
    """The dict of dicts, checked, in the file's order; of its own, to take from: subjects may share one in the file."""
    if not isinstance(content, dict) or not all(isinstance(actions, dict) for actions in content.values()):
        raise InputError(f"{path}: {key!r} is no dict of subjects with dicts of actions. Make it again.")
    return {subject: dict(actions) for subject, actions in content.items()}


def _compare(
    path: Path, there: dict[str, dict[str, Any]], other: Path, here: dict[str, dict[str, Any]], key: str
) -> None:
    """Everything in `there` must be in `here`, the content of `other`."""
    for subject, actions in there.items():
        if subject not in here:
            raise InputError(f"{other}: {key!r} has no subject {subject!r}, which {path.name} has. Make both together.")
        for action in actions:
            if action not in here[subject]:
                raise InputError(
                    f"{other}: {key!r} has no action {action!r} of {subject}, which {path.name} has. "
                    "Make both together."
                )


def _world(path: Path, key: str, positions: Any, dataset: str) -> np.ndarray | None:
    """(T, K, 3) float32 metres in world axes, joints of the layout that is used; None where no frame is known."""
    skeleton: Skeleton = _JOINTS[dataset]
    wanted = (None, len(skeleton), 3)
    world = _floats(path, key, positions, wanted)
    if dataset == "human36m":
        world = world[:, H36M17_FROM_H36M32]
    finite = np.isfinite(world)
    if not finite.all():
        if dataset == "humaneva15" and not finite.any():
            return None
        raise InputError(f"{path}: {key} holds NaN or infinity. Make it again, or take it out.")
    return world


def _views(path: Path, key: str, points: Any, layout: Skeleton, count: int | None) -> list[np.ndarray]:
    """The (T, J, 2 or 3) float32 pixels of each camera."""
    if not isinstance(points, list | tuple | np.ndarray) or len(points) != (count or max(len(points), 1)):
        what = len(points) if isinstance(points, list | tuple | np.ndarray) else "no list of"
        raise InputError(f"{path}: {key} has {what} cameras, not {count or 'at least one'}. Make it again.")
    views = []
    for index, view in enumerate(points):
        name = f"{key}, camera {index},"
        view = _floats(path, name, view, (None, len(layout), None))
        if view.shape[-1] not in (2, 3):
            raise InputError(f"{path}: {name} has {view.shape[-1]} numbers a joint, not 2 or 3. Make it again.")
        if not np.isfinite(view[..., :2]).all():
            raise InputError(f"{path}: {name} holds NaN or infinity. Make it again, or take it out.")
        views.append(view)
    return views


def _floats(path: Path, key: str, array: Any, shape: tuple[int | None, ...]) -> np.ndarray:
    """`array` as float32, of the wanted shape; None matches any size but 0."""
    want = ", ".join("*" if size is None else str(size) for size in shape)
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu":
        raise InputError(f"{path}: {key} is no array of numbers ({want}). Make it again.")
    if array.ndim != 3 or any(b == 0 if a is None else a != b for a, b in zip(shape, array.shape, strict=True)):
        raise InputError(f"{path}: {key} has the shape {array.shape}, not ({want}). Make it again.")
    with np.errstate(over="ignore"):  # becomes infinity, which is looked for
        return array.astype(np.float32, copy=False)
