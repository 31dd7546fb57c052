"""Left and right exchanged by the detector: found and repaired over a whole track."""

import numpy as np

from videopose.skeletons import Skeleton

# Groups that a detector exchanges as one. Eyes, ears, arms and legs each flip on their own at times.
GROUPS = (("eye", "ear"), ("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle"))
STATES = np.array([[bool(state >> g & 1) for g in range(len(GROUPS))] for state in range(2 ** len(GROUPS))])
# Exchanging everything at once is one event, not three: it costs this many single changes.
WHOLE_BODY = 1.0
# Joints move up to this between frames without saying anything, body heights per second ...
FREE_SPEED = 1.0
# ... and a joint far off counts for no more than this, body heights.
MOST = 0.5
# Shoulders and hips pointing opposite ways: a twisted torso, body heights at full shoulder width.
TWIST = 0.3


def repair_flips(
    keypoints: np.ndarray, time_s: np.ndarray, size: float, skeleton: Skeleton, flip_cost: float, flip_prior: float
) -> tuple[np.ndarray, np.ndarray]:
    """Exchange left and right where that makes the motion continuous.

    Viterbi over eight states a frame (face, arms, legs: as detected or exchanged). The cost is joint displacement,
    `flip_cost` a change of state, `flip_prior` a group and frame in an exchanged state (so the majority of the
    detector's votes is kept), and a penalty for a torso twisted upon itself.

    Args:
        keypoints: (T, J, 3) pixels and score of the frames with a detection; NaN where missing.
        time_s: (T,) seconds, increasing.
        size: body height, pixels.
        skeleton: joint names.
        flip_cost: body heights.
        flip_prior: body heights.

    Returns:
        (T, J, 3) repaired keypoints and (T, J) bool, True where a keypoint was exchanged.

    Source: Viterbi, Error bounds for convolutional codes, 1967.
    """
    pairs = _pairs(skeleton)
    count = len(keypoints)
    changed = np.zeros(keypoints.shape[:2], bool)
    if count < 2 or not any(len(p) for p in pairs):
        return keypoints.copy(), changed
    benefit = np.stack([_displacement(keypoints, time_s, size, p) for p in pairs], axis=1)
    unary = STATES.sum(axis=1) * flip_prior + _twist(keypoints, size, skeleton)
    differs = STATES[:, None] ^ STATES[None]
    number = differs.sum(axis=-1)
    change = flip_cost * np.where(number == len(GROUPS), WHOLE_BODY, number)
    total = unary[0]
    came_from = np.zeros((count, len(STATES)), np.int64)
    for t in range(1, count):
        step = total[:, None] + change + differs @ benefit[t]
        came_from[t] = step.argmin(axis=0)
        total = step.min(axis=0) + unary[t]
    state = int(total.argmin())
    states = np.zeros(count, np.int64)
    for t in range(count - 1, -1, -1):
        states[t] = state
        state = int(came_from[t, state])
    repaired = keypoints.copy()
    for group, indices in enumerate(pairs):
        frames = STATES[states, group]
        for left, right in indices:
            repaired[np.ix_(frames, (left, right))] = keypoints[np.ix_(frames, (right, left))]
            changed[np.ix_(frames, (left, right))] = True
    return repaired, changed


def _pairs(skeleton: Skeleton) -> list[list[tuple[int, int]]]:
    names = skeleton.joint_names
    return [
        [
            (names.index(f"left_{part}"), names.index(f"right_{part}"))
            for part in group
            if f"left_{part}" in names and f"right_{part}" in names
        ]
        for group in GROUPS
    ]


def _displacement(keypoints: np.ndarray, time_s: np.ndarray, size: float, pairs: list[tuple[int, int]]) -> np.ndarray:
    """(T,) what exchanging a group since the frame before adds in displacement (negative: it is more continuous)."""
    result = np.zeros(len(keypoints))
    if not pairs:
        return result
    free = FREE_SPEED * np.diff(time_s)[:, None]
    total = np.zeros((len(keypoints) - 1, len(pairs)))
    for column, (a, b) in enumerate(pairs):
        for i, j, sign in ((a, a, -1), (b, b, -1), (a, b, 1), (b, a, 1)):
            step = np.linalg.norm(keypoints[1:, j, :2] - keypoints[:-1, i, :2], axis=-1) / size
            total[:, column] += sign * np.clip(step - free[:, 0], 0, MOST)
    total = np.nan_to_num(total)
    result[1:] = total.sum(axis=1)
    return result


def _twist(keypoints: np.ndarray, size: float, skeleton: Skeleton) -> np.ndarray:
    """(T, states) penalty where the shoulders point left and the hips right."""
    names = skeleton.joint_names
    result = np.zeros((len(keypoints), len(STATES)))
    if not {"left_shoulder", "right_shoulder", "left_hip", "right_hip"} <= set(names):
        return result
    shoulders, hips = (
        (keypoints[:, names.index(f"left_{p}"), :2] - keypoints[:, names.index(f"right_{p}"), :2]) / size
        for p in ("shoulder", "hip")
    )
    # widths of about 0.2 and 0.1 body heights, seen from the front
    alike = np.nan_to_num((shoulders * hips).sum(axis=1)) / (0.2 * 0.1)
    for state, (_, arms, legs) in enumerate(STATES):
        result[:, state] = TWIST * np.clip(alike if arms != legs else -alike, 0, 1)
    return result
