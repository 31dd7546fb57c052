"""Across gaps, knowing the future: tracklets into persons by one optimal assignment of ends to starts."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

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
# Pieces shorter than this have no velocity and unsure poses; they join after the longer ones have been linked, seconds.
SHORT_S = 0.15
# A tracklet that goes over to another body shows one of these at once: place off by this many body heights, ...
JUMP_PLACE = 0.2
# ... velocity changed by this many body heights per second, ...
JUMP_SPEED = 1.2
# ... or size by this logarithm.
JUMP_GROWTH = 0.3
# Stretch on both sides of a suspected jump that is compared, seconds.
JUMP_WINDOW_S = 0.3


@dataclass(slots=True)
class _End:
    """What is known of a body at one end of a piece."""

    time_s: float
    place: np.ndarray
    velocity: np.ndarray
    size: float
    row: int
    limbs: np.ndarray


def split_jumps(bodies: Bodies, pieces: list[np.ndarray]) -> list[np.ndarray]:
    """Cut pieces where place, velocity or size change at once, as when a detector goes over to another body.

    Cutting is cheap: linking puts a piece together again unless another continuation is better.
    """
    result = []
    for rows in pieces:
        time, root, size = bodies.time_s[rows], bodies.root[rows], bodies.size[rows]
        strength = np.zeros(len(rows))
        for k in range(2, len(rows) - 1):
            middle = (time[k - 1] + time[k]) / 2
            before = np.arange(np.searchsorted(time, middle - JUMP_WINDOW_S), k)
            after = np.arange(k, np.searchsorted(time, middle + JUMP_WINDOW_S))
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
            cuts.append(k)
            strength[np.abs(time - time[k]) < JUMP_WINDOW_S] = 0
        result += np.split(rows, sorted(cuts))
    return result


def link(
    bodies: Bodies, pieces: list[np.ndarray], image_size: tuple[int, int], settings: TrackSettings
) -> list[np.ndarray]:
    """Join pieces of one person: each the rows of `bodies`, in order of time, without gaps above `max_gap_s`."""
    pieces = split_jumps(bodies, pieces)
    span = np.array([bodies.time_s[rows[-1]] - bodies.time_s[rows[0]] for rows in pieces])
    long = [rows for rows, s in zip(pieces, span, strict=True) if s >= SHORT_S]
    short = [rows for rows, s in zip(pieces, span, strict=True) if s < SHORT_S]
    chains = _chain(bodies, long, image_size, settings)
    chains, short = _insert(bodies, chains, short, image_size, settings)
    return _chain(bodies, chains + short, image_size, settings)


def _chain(
    bodies: Bodies, pieces: list[np.ndarray], image_size: tuple[int, int], settings: TrackSettings
) -> list[np.ndarray]:
    pieces = sorted(pieces, key=lambda rows: int(rows[0]))
    if len(pieces) < 2:
        return pieces
    tails = [_end(bodies, rows, settings.fit_s, tail=True) for rows in pieces]
    heads = [_end(bodies, rows, settings.fit_s, tail=False) for rows in pieces]
    cost = np.full((len(pieces), len(pieces)), CUTOFF)
    for i, tail in enumerate(tails):
        for j, head in enumerate(heads):
            if 0 < head.time_s - tail.time_s <= settings.max_gap_s + 1e-9:
                cost[i, j] = min(_cost(bodies, tail, head, image_size, settings), CUTOFF)
    following = {
        int(i): int(j) for i, j in zip(*linear_sum_assignment(cost - CUTOFF), strict=True) if cost[i, j] < CUTOFF
    }
    chains = []
    for index in sorted(set(range(len(pieces))) - set(following.values())):
        parts = [pieces[index]]
        while index in following:
            index = following[index]
            parts.append(pieces[index])
        chains.append(np.concatenate(parts))
    return chains


def _insert(
    bodies: Bodies,
    chains: list[np.ndarray],
    short: list[np.ndarray],
    image_size: tuple[int, int],
    settings: TrackSettings,
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Put short pieces into gaps inside chains where they fit both sides; returns chains and what is left over."""
    left = []
    for rows in short:
        best, chosen, where = CUTOFF, -1, 0
        for index, chain in enumerate(chains):
            k = int(np.searchsorted(bodies.frame[chain], bodies.frame[rows[0]]))
            if not 0 < k < len(chain) or bodies.frame[chain[k]] <= bodies.frame[rows[-1]]:
                continue
            if bodies.frame[chain[k - 1]] >= bodies.frame[rows[0]]:
                continue
            before, after = (
                _end(bodies, chain[:k], settings.fit_s, tail=True),
                _end(bodies, chain[k:], settings.fit_s, tail=False),
            )
            head, tail = _end(bodies, rows, settings.fit_s, tail=False), _end(bodies, rows, settings.fit_s, tail=True)
            cost = max(
                _cost(bodies, before, head, image_size, settings), _cost(bodies, tail, after, image_size, settings)
            )
            if cost < best:
                best, chosen, where = cost, index, k
        if chosen < 0:
            left.append(rows)
        else:
            chain = chains[chosen]
            chains[chosen] = np.concatenate([chain[:where], rows, chain[where:]])
    return chains, left


def _end(bodies: Bodies, rows: np.ndarray, fit_s: float, *, tail: bool) -> _End:
    row = int(rows[-1] if tail else rows[0])
    now = float(bodies.time_s[row])
    near = rows[np.abs(bodies.time_s[rows] - now) <= fit_s]
    place, velocity = line_fit(bodies.time_s[near], bodies.root[near], now)
    limbs = bodies.limbs[near]
    seen = np.isfinite(limbs).any(axis=0)
    profile = np.full(limbs.shape[1], np.nan)
    if seen.any():
        profile[seen] = np.nanmedian(limbs[:, seen], axis=0)
    # the pose of the very last frame is often half hidden: the nearest to the middle of the last tenth of a second
    return _End(now, place, velocity, float(np.median(bodies.size[near])), row, profile)


def _cost(bodies: Bodies, tail: _End, head: _End, image_size: tuple[int, int], settings: TrackSettings) -> float:
    """How unlikely it is that `head` goes on where `tail` ended; infinite where no body could."""
    gap = head.time_s - tail.time_s
    size = float(np.sqrt(tail.size * head.size))
    growth = abs(float(np.log(head.size / tail.size)))
    if np.linalg.norm(head.place - tail.place) / size > settings.max_speed * gap + 0.5 or growth > np.log(2.0):
        return float("inf")
    reach = FADE_S * (1 - np.exp(-gap / FADE_S))
    forward = tail.place + tail.velocity * reach
    backward = head.place - head.velocity * reach
    miss = (((forward - head.place) ** 2).sum() + ((backward - tail.place) ** 2).sum()) / 2 / size**2
    turn = ((tail.velocity - head.velocity) ** 2).sum() / size**2
    a, b = np.array([tail.row]), np.array([head.row])
    shape = shape_distance(
        bodies.keypoints[a],
        bodies.root[a],
        bodies.size[a],
        bodies.keypoints[b],
        bodies.root[b],
        bodies.size[b],
        bodies.mirror,
    )[0, 0]
    ratio = np.log(np.maximum(tail.limbs, 1e-3) / np.maximum(head.limbs, 1e-3))
    limbs = np.clip(ratio[np.isfinite(ratio)], -1, 1)
    cost = miss / (PLACE + PLACE_PER_S * gap) ** 2
    cost += min(turn / (SPEED + SPEED_PER_S * gap) ** 2, SPEED_CAP)
    cost += (growth / (GROWTH + GROWTH_PER_S * gap)) ** 2
    cost += (shape / (SHAPE + SHAPE_PER_S * min(gap, 1.0))) ** 2
    cost += float((limbs**2).mean()) / LIMBS**2 if len(limbs) else 1.0
    if _outside(forward, image_size) or _outside(backward, image_size):
        cost += LEFT_PICTURE
    return float(cost)


def _outside(place: np.ndarray, image_size: tuple[int, int]) -> bool:
    return bool((place < 0).any() or place[0] > image_size[0] or place[1] > image_size[1])
