"""Across gaps, knowing the future: tracklets into persons by one optimal assignment of ends to starts."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from videopose.track.association import line_fit, shape_distance
from videopose.track.bodies import Bodies
from videopose.track.settings import TrackSettings

# Scales of the cost, a sum of squares like a chi-square: what is usual at a gap of 0 s, and what each second adds.
PLACE, PLACE_PER_S = 0.15, 0.5  # body heights off the extrapolated place
SPEED, SPEED_PER_S = 0.5, 0.5  # body heights per second between the velocities before and after
GROWTH, GROWTH_PER_S = 0.12, 0.2  # logarithm of the size ratio
SHAPE, SHAPE_PER_S = 0.08, 0.25  # pose about its middle, body heights; saturates after a second
LIMBS = 0.25  # logarithm of the limb length ratios
# A person may stop dead or land from a jump at any moment, so a changed velocity alone never parts a track.
SPEED_CAP = 4.0
# People do not keep their velocity for long: it fades out over this span, seconds.
FADE_S = 1.0
# Linking must cost less than this: each of five terms at about 1.6 times its scale.
CUTOFF = 12.0
# Whoever walked out of the picture and somebody who comes in there later are seldom the same person.
LEFT_PICTURE = 4.0
# Somebody in the air falls: body heights per second squared (9.81 m/s^2 for 1.7 m). Tried for gaps of up to FLIGHT_S
# seconds, at a cost, as most people stand on the ground.
FALL, FLIGHT_S, FLIGHT_COST = 5.8, 0.8, 1.0
# Two pieces that followed each other frame by frame before a cut cost no more than this.
JOINED_CAP = 2.5
# Nobody goes unseen without a reason, so what was seen throughout is preferred, for each second.
UNSEEN_PER_S = 2.0
# A short piece may be a false detection and says little of where it came from: it is not carried far.
SHORT_UNSEEN_PER_S = 10.0
# Pieces shorter than this have no velocity and unsure poses; they join after the longer ones have been linked, seconds.
SHORT_S = 0.15
# A tracklet that goes over to another body shows one of these at once: place off by this many body heights, ...
JUMP_PLACE = 0.2
# ... velocity changed by this many body heights per second, ...
JUMP_SPEED = 0.9
# ... or size by this logarithm.
JUMP_GROWTH = 0.3
# Stretch on both sides of a suspected jump that is compared, seconds, and fewest frames.
JUMP_WINDOW_S, JUMP_FRAMES = 0.3, 3
# A jump needs another body as near as this within a second, body heights.
JUMP_REACH, JUMP_REACH_S = 1.2, 1.0


@dataclass(slots=True)
class _End:
    """What is known of a body at one end of a piece."""

    time_s: float
    span_s: float
    place: np.ndarray
    velocity: np.ndarray
    size: float
    row: int
    limbs: np.ndarray


def split_jumps(bodies: Bodies, pieces: list[np.ndarray], foreign: np.ndarray) -> list[np.ndarray]:
    """Cut pieces where place, velocity or size change at once, as when a detector goes over to another body.

    Cutting is cheap: linking puts a piece together again unless another continuation is better.

    Args:
        bodies: all detections.
        pieces: of one tracklet, rows of `bodies`.
        foreign: (M,) bool, True for the rows of other tracklets.
    """
    result = []
    for rows in pieces:
        time, root, size = bodies.time_s[rows], bodies.root[rows], bodies.size[rows]
        strength = np.zeros(len(rows))
        for k in range(2, len(rows) - 1):
            middle = (time[k - 1] + time[k]) / 2
            before = np.arange(max(0, min(np.searchsorted(time, middle - JUMP_WINDOW_S), k - JUMP_FRAMES)), k)
            after = np.arange(k, min(max(np.searchsorted(time, middle + JUMP_WINDOW_S), k + JUMP_FRAMES), len(rows)))
            if (
                min(len(before), len(after)) < 2
                or min(time[k - 1] - time[before[0]], time[after[-1]] - time[k]) < SHORT_S
            ):
                continue
            scale = float(np.median(size[np.concatenate([before, after])]))
            place_a, velocity_a = line_fit(time[before], root[before], middle)
            place_b, velocity_b = line_fit(time[after], root[after], middle)
            strength[k] = max(
                np.linalg.norm(place_a - place_b) / scale / JUMP_PLACE,
                np.linalg.norm(velocity_a - velocity_b) / scale / JUMP_SPEED,
                abs(np.log(np.median(size[before]) / np.median(size[after]))) / JUMP_GROWTH,
            )
        cuts: list[int] = []
        while strength.max(initial=0.0) > 1:
            k = int(strength.argmax())
            around = slice(*np.searchsorted(bodies.time_s, [time[k] - JUMP_REACH_S, time[k] + JUMP_REACH_S]))
            near = np.linalg.norm(bodies.root[around] - root[k], axis=1) < JUMP_REACH * size[k]
            if (near & foreign[around]).any():
                cuts.append(k)
            strength[np.abs(time - time[k]) < JUMP_WINDOW_S] = 0
        result += np.split(rows, sorted(cuts))
    return result


def link(
    bodies: Bodies, tracklets: list[list[np.ndarray]], image_size: tuple[int, int], settings: TrackSettings
) -> list[np.ndarray]:
    """Persons out of tracklets that are already cut into pieces.

    Each person is the rows of `bodies` in order of time, without gaps above `max_gap_s`.
    """
    owner = np.zeros(len(bodies), np.int64)
    for number, pieces in enumerate(tracklets):
        owner[np.concatenate(pieces)] = number
    cut = [split_jumps(bodies, pieces, owner != number) for number, pieces in enumerate(tracklets)]
    joined = frozenset((int(a[-1]), int(b[0])) for parts in cut for a, b in pairwise(parts))
    linker = _Linker(bodies, image_size, settings, joined)
    pieces = [piece for parts in cut for piece in parts]
    span = np.array([bodies.time_s[rows[-1]] - bodies.time_s[rows[0]] for rows in pieces])
    long = [rows for rows, s in zip(pieces, span, strict=True) if s >= SHORT_S]
    short = [rows for rows, s in zip(pieces, span, strict=True) if s < SHORT_S]
    chains, left = linker.insert(linker.chain(long), short)
    return linker.chain(chains + left)


class _Linker:
    """Costs and joins of pieces of one video."""

    def __init__(
        self, bodies: Bodies, image_size: tuple[int, int], settings: TrackSettings, joined: frozenset[tuple[int, int]]
    ) -> None:
        self._bodies = bodies
        self._image_size = image_size
        self._settings = settings
        self._joined = joined

    def chain(self, pieces: list[np.ndarray]) -> list[np.ndarray]:
        """Join ends to starts so that the sum of all costs is least; an end left alone costs `CUTOFF`."""
        pieces = sorted(pieces, key=lambda rows: int(rows[0]))
        if len(pieces) < 2:
            return pieces
        tails = [self._end(rows, tail=True) for rows in pieces]
        heads = [self._end(rows, tail=False) for rows in pieces]
        starts_s = np.array([head.time_s for head in heads])
        count = len(pieces)
        # each end may go to its own empty column instead; sparse, as a long video has thousands of pieces
        entries = [(i, count + i, CUTOFF) for i in range(count)]
        for i, tail in enumerate(tails):
            first = np.searchsorted(starts_s, tail.time_s, side="right")
            last = np.searchsorted(starts_s, tail.time_s + self._settings.max_gap_s + 1e-9, side="right")
            for j in range(first, last):
                cost = self._cost(tail, heads[j])
                if cost < CUTOFF:
                    entries.append((i, j, cost))
        ends, starts, costs = (np.array(column) for column in zip(*entries, strict=True))
        # 1 more everywhere changes no choice, and a zero would count as no entry
        matrix = coo_array((costs + 1.0, (ends, starts)), shape=(count, 2 * count)).tocsr()
        following = {int(a): int(b) for a, b in zip(*min_weight_full_bipartite_matching(matrix), strict=True)}
        chains = []
        for index in sorted(set(range(count)) - set(following.values())):
            parts = [pieces[index]]
            while following[index] < count:
                index = following[index]
                parts.append(pieces[index])
            chains.append(np.concatenate(parts))
        return chains

    def insert(self, chains: list[np.ndarray], short: list[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Put short pieces into gaps inside chains where they fit both sides; returns chains and what is left over."""
        left = []
        for rows in short:
            best, chosen, where = CUTOFF, -1, 0
            head, tail = self._end(rows, tail=False), self._end(rows, tail=True)
            for index, chain in enumerate(chains):
                times = self._bodies.time_s[chain]
                k = int(np.searchsorted(times, head.time_s))
                if not 0 < k < len(chain) or times[k] <= tail.time_s:
                    continue
                cost = max(
                    self._cost(self._end(chain[:k], tail=True), head),
                    self._cost(tail, self._end(chain[k:], tail=False)),
                )
                if cost < best:
                    best, chosen, where = cost, index, k
            if chosen < 0:
                left.append(rows)
            else:
                chains[chosen] = np.insert(chains[chosen], where, rows)
        return chains, left

    def _end(self, rows: np.ndarray, *, tail: bool) -> _End:
        bodies, row = self._bodies, int(rows[-1] if tail else rows[0])
        now = float(bodies.time_s[row])
        first, last = np.searchsorted(bodies.time_s[rows], [now - self._settings.fit_s, now + self._settings.fit_s])
        near = rows[first : last + 1]
        place, velocity = line_fit(bodies.time_s[near], bodies.root[near], now)
        limbs = bodies.limbs[near]
        seen = np.isfinite(limbs).any(axis=0)
        profile = np.full(limbs.shape[1], np.nan)
        if seen.any():
            profile[seen] = np.nanmedian(limbs[:, seen], axis=0)
        span_s = float(bodies.time_s[rows[-1]] - bodies.time_s[rows[0]])
        return _End(now, span_s, place, velocity, float(np.median(bodies.size[near])), row, profile)

    def _cost(self, tail: _End, head: _End) -> float:
        """How unlikely it is that `head` goes on where `tail` ended; infinite where no body could."""
        gap = head.time_s - tail.time_s
        size = float(np.sqrt(tail.size * head.size))
        growth = abs(float(np.log(head.size / tail.size)))
        if np.linalg.norm(head.place - tail.place) / size > self._settings.max_speed * gap + 0.5 or growth > np.log(
            2.0
        ):
            return float("inf")
        cost = self._motion_cost(tail, head, gap, size)
        short = min(tail.span_s, head.span_s) < SHORT_S
        cost += (SHORT_UNSEEN_PER_S if short else UNSEEN_PER_S) * gap
        cost += (growth / (GROWTH + GROWTH_PER_S * gap)) ** 2
        cost += (self._shape(tail.row, head.row) / (SHAPE + SHAPE_PER_S * min(gap, 1.0))) ** 2
        ratio = np.log(np.maximum(tail.limbs, 1e-3) / np.maximum(head.limbs, 1e-3))
        limbs = np.clip(ratio[np.isfinite(ratio)], -1, 1)
        cost += float((limbs**2).mean()) / LIMBS**2 if len(limbs) else 1.0
        return min(cost, JOINED_CAP) if (tail.row, head.row) in self._joined else cost

    def _motion_cost(self, tail: _End, head: _End, gap: float, size: float) -> float:
        """The places and velocities before and after, walking on or falling."""
        reach = FADE_S * (1 - np.exp(-gap / FADE_S))
        best = float("inf")
        for fall in (0.0, FALL) if SHORT_S < gap <= FLIGHT_S else (0.0,):
            drop = np.array([0.0, fall * size])
            forward = tail.place + tail.velocity * (gap if fall else reach) + drop * gap**2 / 2
            backward = head.place - head.velocity * (gap if fall else reach) + drop * gap**2 / 2
            miss = (((forward - head.place) ** 2).sum() + ((backward - tail.place) ** 2).sum()) / 2 / size**2
            turn = ((tail.velocity + drop * gap - head.velocity) ** 2).sum() / size**2
            cost = miss / (PLACE + PLACE_PER_S * gap) ** 2 + (FLIGHT_COST if fall else 0.0)
            cost += min(turn / (SPEED + SPEED_PER_S * gap) ** 2, SPEED_CAP)
            if self._outside(forward) or self._outside(backward):
                cost += LEFT_PICTURE
            best = min(best, float(cost))
        return best

    def _shape(self, first: int, second: int) -> float:
        bodies, a, b = self._bodies, np.array([first]), np.array([second])
        distance = shape_distance(
            bodies.keypoints[a],
            bodies.root[a],
            bodies.size[a],
            bodies.keypoints[b],
            bodies.root[b],
            bodies.size[b],
            bodies.mirror,
        )
        return float(distance[0, 0])

    def _outside(self, place: np.ndarray) -> bool:
        return bool((place < 0).any() or (place > self._image_size).any())
