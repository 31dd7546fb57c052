"""Other rest poses and axes for a posed skeleton: the movement shown stays the same."""

from dataclasses import replace

import numpy as np

from videopose.export.humanoid import JOINTS, PosedHumanoid

_ARMS_DOWN = np.radians(45)
"""From horizontal, in the A-pose."""


def with_rest_pose(body: PosedHumanoid, rest_pose: str) -> PosedHumanoid:
    """The same movement on a skeleton that rests in another pose.

    Args:
        body: on a skeleton that rests in the T-pose.
        rest_pose: `t`, `a` (arms 45 degrees down) or `first` (as in the first frame).
    """
    if rest_pose == "t":
        return body
    return _rested(body, _a_pose() if rest_pose == "a" else {name: turn[0] for name, turn in body.rotations.items()})


def turned(body: PosedHumanoid, axes: np.ndarray) -> PosedHumanoid:
    """The body in other axes.

    Args:
        body: in any right-handed axes.
        axes: (3, 3) rotation from those to the others.
    """
    return replace(
        body,
        offsets=body.offsets @ axes.T,
        ends={name: axes @ end for name, end in body.ends.items()},
        rotations={name: axes @ turn @ axes.T for name, turn in body.rotations.items()},
        rest_turns={name: axes @ turn @ axes.T for name, turn in body.rest_turns.items()},
    )


def _rested(body: PosedHumanoid, turns: dict[str, np.ndarray]) -> PosedHumanoid:
    """Rest as if each joint had been turned, in the scene's axes, by `turns` (3, 3)."""
    offsets = body.offsets.copy()
    for row, joint in enumerate(JOINTS):
        if joint.parent is not None:
            offsets[row] = turns[joint.parent] @ offsets[row]
    return PosedHumanoid(
        offsets,
        {name: turns[name] @ end for name, end in body.ends.items()},
        {name: turn @ turns[name].T for name, turn in body.rotations.items()},
        turns,
    )


def _a_pose() -> dict[str, np.ndarray]:
    turns = {joint.name: np.eye(3) for joint in JOINTS}
    cosine, sine = np.cos(_ARMS_DOWN), np.sin(_ARMS_DOWN)
    left = np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    for part in ("Arm", "ForeArm", "Hand"):
        turns[f"Left{part}"], turns[f"Right{part}"] = left, left.T
    return turns
