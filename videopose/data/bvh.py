"""BVH motion files of any make: parser and forward kinematics.

Source: M. Meredith and S. Maddock, Motion Capture File Formats Explained, University of Sheffield, CS-01-11.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np

from videopose.errors import InputError

_CHANNELS = {f"{axis}{kind}".lower(): f"{axis}{kind}" for axis in "XYZ" for kind in ("position", "rotation")}
_AXES = "XYZ"


@dataclass(frozen=True, slots=True, repr=False)
class BvhMotion:
    """A skeleton and its movement, as the file has them. J joints, end sites among them, parents before children."""

    joint_names: tuple[str, ...]
    """One per joint; an end site is called `<parent>_end`."""
    parents: tuple[int, ...]
    """Index of each joint's parent, -1 for the root."""
    offsets: np.ndarray
    """(J, 3) float64 from the parent in the rest pose, the file's length unit."""
    channels: tuple[tuple[str, ...], ...]
    """Channels of each joint in file order, for example `Xposition` or `Zrotation`; end sites have none."""
    frame_time_s: float
    """Seconds per frame by the header."""
    values: np.ndarray
    """(T, C) float64: all channels of a frame, file units and degrees."""

    def __repr__(self) -> str:
        return f"BvhMotion({len(self.joint_names)} joints, {len(self.values)} frames of {self.frame_time_s:g} s)"

    def __len__(self) -> int:
        return len(self.values)


def read_bvh(path: Path) -> BvhMotion:
    """Read a BVH file.

    Raises:
        InputError: the file is missing or not well formed; the sentence names the line.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({(error.strerror or str(error)).lower()}). Give a BVH file."
        ) from error
    return parse_bvh(content.decode("utf-8", errors="replace"), str(path))


def parse_bvh(text: str, source: str) -> BvhMotion:
    """Parse the text of a BVH file; `source` names it in errors.

    Raises:
        InputError: as `read_bvh`.
    """
    return _Parser(text, source).parse()


def forward_kinematics(bvh: BvhMotion) -> tuple[np.ndarray, np.ndarray]:
    """Positions and rotations of all joints in the file's world.

    A joint's rotation is the product of its channels' rotations from left to right. Position channels take the place of
    the offset (as Blender and MotionBuilder have it); axes without a position channel keep theirs.

    Returns:
        (T, J, 3) positions in the file's length unit and (T, J, 3, 3) rotations from the rest pose to the world.
    """
    frames, joints = len(bvh), len(bvh.joint_names)
    positions, rotations = np.zeros((frames, joints, 3)), np.zeros((frames, joints, 3, 3))
    column = 0
    for joint, (parent, channels) in enumerate(zip(bvh.parents, bvh.channels, strict=True)):
        place = np.tile(bvh.offsets[joint], (frames, 1))
        turn = np.broadcast_to(np.eye(3), (frames, 3, 3))
        for channel in channels:
            axis, value = _AXES.index(channel[0]), bvh.values[:, column]
            if channel.endswith("position"):
                place[:, axis] = value
            else:
                turn = turn @ _axis_rotation(axis, np.radians(value))
            column += 1
        if parent >= 0:
            positions[:, joint] = positions[:, parent] + np.einsum("tij,tj->ti", rotations[:, parent], place)
            rotations[:, joint] = rotations[:, parent] @ turn
        else:
            positions[:, joint], rotations[:, joint] = place, turn
    return positions, rotations


def _axis_rotation(axis: int, angle: np.ndarray) -> np.ndarray:
    """(T, 3, 3) right-handed rotations by `angle` (T,) radians about a coordinate axis."""
    one, two = (axis + 1) % 3, (axis + 2) % 3
    rotation = np.zeros((len(angle), 3, 3))
    rotation[:, axis, axis] = 1
    rotation[:, one, one] = rotation[:, two, two] = np.cos(angle)
    rotation[:, two, one] = np.sin(angle)
    rotation[:, one, two] = -rotation[:, two, one]
    return rotation


class _Parser:
    """Walks through the words of the file, knowing their lines."""

    def __init__(self, text: str, source: str) -> None:
        self.source = source
        self.lines = text.splitlines()
        self.words = self._words()
        self.line = 0
        self.names: list[str] = []
        self.parents: list[int] = []
        self.offsets: list[list[float]] = []
        self.channels: list[tuple[str, ...]] = []

    def parse(self) -> BvhMotion:
        self.expect("HIERARCHY")
        self.expect("ROOT")
        self.joint(self.name(), -1)
        self.hierarchy()
        frames, frame_time_s = self.header()
        values = self.rows(frames, sum(map(len, self.channels)))
        return BvhMotion(
            tuple(self.names),
            tuple(self.parents),
            np.array(self.offsets),
            tuple(self.channels),
            frame_time_s,
            values,
        )

    def hierarchy(self) -> None:
        """The body of the root and all below it, up to the word MOTION."""
        open_joints = [0]
        while open_joints:
            word = self.word("a joint's content").upper()
            joint = open_joints[-1]
            if word == "OFFSET":
                self.offsets[joint] = [self.number("an offset") for _ in range(3)]
            elif word == "CHANNELS":
                self.channels[joint] = self.channel_names()
            elif word == "JOINT":
                open_joints.append(self.joint(self.name(), joint))
            elif word == "END":
                self.expect("SITE")
                self.name()
                open_joints.append(self.joint(f"{self.names[joint]}_end", joint))
            elif word == "}":
                open_joints.pop()
            else:
                self.fail(f"`{word[:40]}` where OFFSET, CHANNELS, JOINT, End Site or `}}` was expected")
        self.expect("MOTION")

    def joint(self, name: str, parent: int) -> int:
        self.names.append(name)
        self.parents.append(parent)
        self.offsets.append([0.0, 0.0, 0.0])
        self.channels.append(())
        return len(self.names) - 1

    def channel_names(self) -> tuple[str, ...]:
        count = self.number("the number of channels")
        if count not in range(7):
            self.fail(f"{count:g} channels, supported are 0 to 6")
        names = []
        for _ in range(int(count)):
            word = self.word("a channel")
            if word.lower() not in _CHANNELS:
                self.fail(f"unknown channel `{word[:40]}`, supported are {', '.join(_CHANNELS.values())}")
            names.append(_CHANNELS[word.lower()])
        return tuple(names)

    def header(self) -> tuple[int, float]:
        """The number of frames and the seconds per frame."""
        self.expect("FRAMES:")
        frames = self.number("the number of frames")
        if frames < 0 or frames != int(frames):
            self.fail(f"{frames:g} is no number of frames")
        self.expect("FRAME")
        self.expect("TIME:")
        frame_time_s = self.number("the frame time")
        if frame_time_s <= 0:
            self.fail(f"a frame time of {frame_time_s:g} s")
        return int(frames), frame_time_s

    def rows(self, frames: int, width: int) -> np.ndarray:
        """(frames, width) numbers, one line per frame."""
        rows: list[list[float]] = []
        for number, text in enumerate(self.lines[self.line :], self.line + 1):
            words = text.split()
            if not words:
                continue
            self.line = number
            if len(rows) == frames:
                self.fail(f"more than the {frames} frames that the header names")
            if len(words) != width:
                self.fail(f"{len(words)} numbers for {width} channels")
            try:
                row = [float(word) for word in words]
            except ValueError as error:
                self.fail(str(error))
            if not all(map(math.isfinite, row)):
                self.fail("a number is not finite")
            rows.append(row)
        if len(rows) != frames:
            self.fail(f"the file ends after {len(rows)} of {frames} frames")
        return np.array(rows, dtype=np.float64).reshape(frames, width)

    def name(self) -> str:
        """Words up to the opening brace."""
        words = []
        while (word := self.word("`{`")) != "{":
            words.append(word)
        return " ".join(words)

    def number(self, what: str) -> float:
        word = self.word(what)
        try:
            value = float(word)
        except ValueError:
            self.fail(f"`{word[:40]}` where {what} was expected")
        if not math.isfinite(value):
            self.fail(f"{what} is not finite")
        return value

    def expect(self, wanted: str) -> None:
        word = self.word(wanted)
        if word.upper() != wanted:
            self.fail(f"`{word[:40]}` where {wanted} was expected")

    def word(self, wanted: str) -> str:
        word = next(self.words, None)
        if word is None:
            self.fail(f"the file ends where {wanted} was expected")
        return word

    def fail(self, what: str) -> NoReturn:
        raise InputError(f"{self.source}: line {max(self.line, 1)}: {what}. Give a well-formed BVH file.")

    def _words(self) -> Iterator[str]:
        for number, text in enumerate(self.lines, 1):
            for word in text.replace("{", " { ").replace("}", " } ").split():
                self.line = number
                yield word
