"""From frame to frame: detections into tracklets by optimal assignment on predicted boxes and poses."""

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment

from videopose.track.bodies import FAR, Bodies, box_overlap, pose_distance
from videopose.track.settings import TrackSettings

# Ridge of the velocity fit, s^2: (jitter of a torso 0.03 body heights / usual speed 1.5 body heights per second)^2.
# Two samples a sixtieth of a second apart say little of the speed; half a second of samples is not touched.
VELOCITY_RIDGE = (0.03 / 1.5) ** 2
# Shares of the cost, all in units of body heights: the pose at its predicted place, the pose about its own middle, the
# boxes, the sizes.
WEIGHT_SHAPE, WEIGHT_BOX, WEIGHT_SIZE = 0.5, 0.15, 0.2
# A match may cost this much at once and this much more per second since the last sight.
CUTOFF, CUTOFF_PER_S = 0.35, 1.0
# A detector's jitter and a wrongly guessed size let a body miss its place by this much, body heights.
SLACK = 0.15
# A tracklet is not cut again sooner: the pieces must be long enough to tell a velocity, seconds.
SHORTEST_PIECE_S = 0.15


def line_fit(time_s: np.ndarray, values: np.ndarray, at_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Position at `at_s` and velocity of a line through (T,) times and (T, D) values, with a ridge on the velocity."""
    mean_t, mean_x = time_s.mean(), values.mean(axis=0)
    offset = time_s - mean_t
    velocity: np.ndarray = (offset[:, None] * (values - mean_x)).sum(axis=0) / ((offset**2).sum() + VELOCITY_RIDGE)
    return mean_x + velocity * (at_s - mean_t), velocity


@dataclass(slots=True)
class _Open:
    """A tracklet that may still go on."""

    rows: list[int]
    cuts: list[int] = field(default_factory=list)
    velocity: np.ndarray = field(default_factory=lambda: np.zeros(2))
    size: float = 1.0

    def update(self, bodies: Bodies, fit_s: float) -> None:
        now = bodies.time_s[self.rows[-1]]
        recent = [row for row in self.rows[-60:] if bodies.time_s[row] >= now - fit_s]
        self.size = float(np.median(bodies.size[recent]))
        if len(recent) > 1:
            _, self.velocity = line_fit(bodies.time_s[recent], bodies.root[recent], now)

    def piece_s(self, bodies: Bodies) -> float:
        """Seconds since the last cut."""
        first = self.rows[self.cuts[-1] if self.cuts else 0]
        return float(bodies.time_s[self.rows[-1]] - bodies.time_s[first])


def associate(bodies: Bodies, time_s: np.ndarray, settings: TrackSettings) -> list[list[np.ndarray]]:
    """Tracklets: the rows of one person in order of time, cut into pieces where people could be exchanged.

    Where an exchange of two people costs hardly more than the chosen match, both tracklets are cut: linking decides
    with the motion before and after.

    Args:
        bodies: all detections.
        time_s: (T,) of all frames.
        settings: limits.

    Returns:
        For each tracklet its pieces, each rows of `bodies`.
    """
    active: list[_Open] = []
    done: list[_Open] = []
    starts = np.flatnonzero(np.diff(bodies.frame, prepend=-1))
    for first, last in zip(starts, [*starts[1:], len(bodies)], strict=True):
        now = bodies.time_s[first]
        frame = bodies.frame[first]
        # one lost frame must not end a track, however few frames a second has
        interval_s = time_s[frame] - time_s[frame - 1] if frame else 0.0
        coast_s = max(settings.coast_s, min(1.5 * interval_s, settings.max_gap_s))
        done += [t for t in active if now - bodies.time_s[t.rows[-1]] > coast_s]
        active = [t for t in active if now - bodies.time_s[t.rows[-1]] <= coast_s]
        rows = np.arange(first, last)
        matched = _match(bodies, active, rows, float(now), settings)
        for index, row in matched.items():
            active[index].rows.append(row)
        active += [_Open([int(row)]) for row in rows if row not in set(matched.values())]
        for tracklet in active:
            if tracklet.rows[-1] >= first:
                tracklet.update(bodies, settings.fit_s)
    return [np.split(np.array(tracklet.rows), tracklet.cuts) for tracklet in done + active]


def _match(
    bodies: Bodies, active: list[_Open], rows: np.ndarray, now: float, settings: TrackSettings
) -> dict[int, int]:
    """Index into `active` -> row, of the cheapest assignment; notes cuts where it is ambiguous."""
    if not active:
        return {}
    last = np.array([t.rows[-1] for t in active])
    size = np.array([t.size for t in active])
    span = now - bodies.time_s[last]
    shift = np.stack([t.velocity for t in active]) * span[:, None]
    cost, allowed = _costs(bodies, last, rows, size, shift, settings.max_speed * span + SLACK)
    cutoff = (CUTOFF + CUTOFF_PER_S * span)[:, None]
    allowed &= cost < cutoff
    # relative to the cutoff, so that leaving both alone (0) is what a match has to beat
    gain = np.where(allowed, cost - cutoff, 0.0)
    pairs = [(i, j) for i, j in zip(*linear_sum_assignment(gain), strict=True) if allowed[i, j]]
    for position, (i, j) in enumerate(pairs):
        for k, other in pairs[position + 1 :]:
            exchanged = cost[i, other] + cost[k, j] - cost[i, j] - cost[k, other]
            if exchanged < settings.ambiguity and allowed[i, other] and allowed[k, j]:
                for tracklet in (active[i], active[k]):
                    if len(tracklet.rows) not in tracklet.cuts and tracklet.piece_s(bodies) >= SHORTEST_PIECE_S:
                        tracklet.cuts.append(len(tracklet.rows))
    return {int(i): int(rows[j]) for i, j in pairs}


def _costs(
    bodies: Bodies, last: np.ndarray, rows: np.ndarray, size: np.ndarray, shift: np.ndarray, reach: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(N, M) costs in body heights, and where a match is physically possible."""
    scale = size[:, None]
    before, after = bodies.keypoints[last].copy(), bodies.keypoints[rows]
    root = bodies.root[last] + shift
    before[..., :2] += shift[:, None]
    boxes = bodies.boxes[last] + np.tile(shift, 2)
    place = pose_distance(before, after, scale, bodies.mirror)
    shape = shape_distance(
        bodies.keypoints[last],
        bodies.root[last],
        bodies.size[last],
        after,
        bodies.root[rows],
        bodies.size[rows],
        bodies.mirror,
    )
    overlap = box_overlap(boxes, bodies.boxes[rows])
    grown = np.minimum(np.abs(np.log(bodies.size[rows][None] / scale)), 1.0)
    cost = place + WEIGHT_SHAPE * shape + WEIGHT_BOX * (1 - overlap) + WEIGHT_SIZE * grown
    miss = np.linalg.norm(root[:, None] - bodies.root[rows][None], axis=-1) / scale
    # a box cut by the frame's edge halves a size at most; a body twice or half as tall is another one
    return cost, (miss <= reach[:, None]) & (grown < np.log(2.0)) & (place < FAR)


def shape_distance(
    a: np.ndarray,
    root_a: np.ndarray,
    size_a: np.ndarray,
    b: np.ndarray,
    root_b: np.ndarray,
    size_b: np.ndarray,
    mirror: np.ndarray,
) -> np.ndarray:
    """(N, M) distance of poses about their own middles, each in its own body heights."""
    unit = []
    for pose, root, size in ((a, root_a, size_a), (b, root_b, size_b)):
        unit.append(np.concatenate([(pose[..., :2] - root[:, None]) / size[:, None, None], pose[..., 2:]], axis=-1))
    return pose_distance(unit[0], unit[1], np.ones((1, 1)), mirror)
