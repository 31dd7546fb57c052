"""The shape of a clothed person around a CMU skeleton at rest: rounded cones that flow into each other.

Lengths are metres, axes those of the skeleton at rest: x to the person's left, y up, z forward.
"""

from dataclasses import dataclass

import numpy as np

from videopose.data.asfamc import CMU_METRES_PER_UNIT, AsfSkeleton

MATERIALS = ("skin", "hair", "shirt", "trousers", "shoe")
_LEG_M = 0.85
"""Thigh and shin of the person for whom the radii below are written."""


@dataclass(frozen=True, slots=True)
class Part:
    """A cone with round ends that moves with one bone."""

    bone: str
    material: str
    start: np.ndarray
    end: np.ndarray
    start_radius: float
    end_radius: float
    stretch: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """How much wider it is than round, along x, y and z."""


def rest_ends(skeleton: AsfSkeleton) -> dict[str, np.ndarray]:
    """(3,) metres: where each bone ends when every angle is zero, the root at the origin."""
    ends = {"root": np.zeros(3)}
    for bone in skeleton.bones:
        ends[bone.name] = ends[bone.parent] + bone.offset * CMU_METRES_PER_UNIT
    return ends


def head_centre(ends: dict[str, np.ndarray]) -> np.ndarray:
    """(3,) half way between the top of the neck and the end of the head bone: face points are placed from here."""
    centre: np.ndarray = (ends["upperneck"] + ends["head"]) / 2
    return centre


def parts(skeleton: AsfSkeleton) -> list[Part]:
    """The whole person."""
    ends = rest_ends(skeleton)
    legs = [np.linalg.norm(ends[f"{side}tibia"] - ends[f"{side}hipjoint"]) for side in "lr"]
    scale = float(np.mean(legs)) / _LEG_M
    found = [*_trunk(ends, scale), *_head(ends, scale)]
    for side, sign in (("l", 1.0), ("r", -1.0)):
        found += [*_arm(ends, side, sign, scale), *_leg(ends, side, sign, scale)]
    return found


def _between(a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
    point: np.ndarray = a + share * (b - a)
    return point


def _trunk(ends: dict[str, np.ndarray], s: float) -> list[Part]:
    left, right = ends["lhipjoint"], ends["rhipjoint"]
    hips = (left + right) / 2
    waist = ends["lowerback"]
    chest = ends["upperback"] + np.array([0, 0.02, 0.015]) * s
    x, y, z = np.eye(3) * s
    flat = (1.0, 1.0, 0.8)
    shoulders = (ends["lclavicle"] + ends["rclavicle"]) / 2
    middle = (hips + waist) / 2 + 0.005 * z
    return [
        Part("root", "trousers", _between(hips, left, 0.75) + 0.015 * y, _between(hips, right, 0.75) + 0.015 * y, 0.1 * s, 0.1 * s),
        Part("root", "trousers", hips + 0.06 * x - 0.03 * y - 0.055 * z, hips - 0.06 * x - 0.03 * y - 0.055 * z, 0.085 * s, 0.085 * s),
        Part("root", "trousers", middle + 0.055 * x, middle - 0.055 * x, 0.105 * s, 0.105 * s, (1, 0.8, 0.88)),
        # the shirt hangs over the belt
        Part("root", "shirt", hips + 0.07 * x + 0.085 * y, hips - 0.07 * x + 0.085 * y, 0.12 * s, 0.12 * s, (1, 0.9, 0.96)),
        Part("lowerback", "shirt", waist + 0.055 * x - 0.035 * y, waist - 0.055 * x - 0.035 * y, 0.125 * s, 0.125 * s, (1, 1, 0.84)),
        Part("lowerback", "shirt", waist + 0.065 * x + 0.035 * y, waist - 0.065 * x + 0.035 * y, 0.118 * s, 0.118 * s, flat),
        Part("upperback", "shirt", chest + 0.06 * x, chest - 0.06 * x, 0.125 * s, 0.125 * s, (1, 1, 0.85)),
        Part("thorax", "shirt", ends["thorax"] + 0.08 * x + 0.01 * z, ends["thorax"] - 0.08 * x + 0.01 * z, 0.11 * s, 0.11 * s, (1, 1, 0.88)),
        Part("thorax", "shirt", shoulders + 0.11 * x - 0.01 * y, shoulders - 0.11 * x - 0.01 * y, 0.062 * s, 0.062 * s),
        Part("lowerneck", "shirt", shoulders + 0.06 * x + 0.022 * y, shoulders - 0.06 * x + 0.022 * y, 0.055 * s, 0.055 * s),
        Part("lowerneck", "skin", ends["thorax"] + 0.03 * y, ends["lowerneck"], 0.062 * s, 0.054 * s),
        Part("upperneck", "skin", ends["lowerneck"], ends["upperneck"] + 0.015 * y, 0.054 * s, 0.052 * s),
    ]


def _head(ends: dict[str, np.ndarray], s: float) -> list[Part]:
    c = head_centre(ends)
    # The head keeps its size: the points of the face are fixed in metres, too.
    x, y, z = np.eye(3)

    def part(a: np.ndarray, b: np.ndarray, ra: float, rb: float, material: str = "skin", stretch: tuple[float, float, float] = (1, 1, 1)) -> Part:
        return Part("head", material, c + a, c + b, ra, rb, stretch)

    found = [
        part(0.035 * y - 0.005 * z, 0.032 * y - 0.02 * z, 0.088, 0.088, stretch=(0.87, 1.0, 1.0)),
        part(0.0 * y + 0.03 * z, -0.04 * y + 0.042 * z, 0.062, 0.05, stretch=(1.0, 1.0, 0.95)),
        part(-0.062 * y + 0.058 * z, -0.078 * y + 0.066 * z, 0.036, 0.026, stretch=(1.15, 1.0, 1.0)),
        # nose: ridge and tip
        part(0.025 * y + 0.086 * z, -0.004 * y + 0.104 * z, 0.009, 0.013),
        part(-0.008 * y + 0.093 * z + 0.008 * x, -0.008 * y + 0.093 * z - 0.008 * x, 0.009, 0.009),
        # brows and lips
        part(0.047 * y + 0.077 * z + 0.03 * x, 0.047 * y + 0.077 * z - 0.03 * x, 0.014, 0.014),
        part(-0.04 * y + 0.08 * z + 0.012 * x, -0.04 * y + 0.08 * z - 0.012 * x, 0.014, 0.014),
        part(0.062 * y - 0.018 * z, 0.05 * y - 0.045 * z, 0.089, 0.083, "hair", (0.93, 1.0, 1.0)),
        part(0.03 * y - 0.05 * z, -0.01 * y - 0.052 * z, 0.072, 0.055, "hair", (1.05, 1.0, 1.0)),
    ]
    for sign in (1.0, -1.0):
        found.append(part(sign * 0.077 * x + 0.012 * y - 0.006 * z, sign * 0.075 * x - 0.016 * y, 0.019, 0.013, "skin", (0.5, 1.0, 0.8)))
    return found


def _arm(ends: dict[str, np.ndarray], side: str, sign: float, s: float) -> list[Part]:
    shoulder, elbow, wrist = (ends[f"{side}{bone}"] for bone in ("clavicle", "humerus", "radius"))
    along = (wrist - elbow) / np.linalg.norm(wrist - elbow)
    forward = np.array([0.0, 0.0, 1.0])
    upper, lower, hand = f"{side}humerus", f"{side}radius", f"{side}wrist"
    palm = wrist + 0.085 * s * along
    found = [
        Part(f"{side}clavicle", "shirt", _between(ends["thorax"], shoulder, 0.75) + [0, -0.01, 0], shoulder, 0.058 * s, 0.056 * s),
        Part(upper, "shirt", shoulder, _between(shoulder, elbow, 0.55), 0.056 * s, 0.051 * s),
        Part(upper, "skin", _between(shoulder, elbow, 0.4), elbow, 0.045 * s, 0.038 * s),
        Part(lower, "skin", elbow, _between(elbow, wrist, 0.35), 0.038 * s, 0.041 * s),
        Part(lower, "skin", _between(elbow, wrist, 0.35), wrist, 0.041 * s, 0.027 * s),
        Part(hand, "skin", wrist + 0.01 * along, palm, 0.026 * s, 0.036 * s, (1.0, 0.55, 1.0)),
    ]
    # In the rest pose the palms look down and the thumbs forward.
    for place, length in ((0.027, 0.068), (0.009, 0.077), (-0.009, 0.072), (-0.026, 0.058)):
        base = palm + (place * forward + 0.012 * along) * s
        found.append(Part(f"{side}hand", "skin", base, base + length * s * along, 0.0105 * s, 0.0085 * s))
    base = wrist + (0.025 * along + 0.025 * forward) * s
    tip = base + (0.055 * along + 0.033 * forward) * s
    found.append(Part(f"{side}thumb", "skin", base, tip, 0.015 * s, 0.01 * s))
    return found


def _leg(ends: dict[str, np.ndarray], side: str, sign: float, s: float) -> list[Part]:
    hip, knee, ankle = (ends[f"{side}{bone}"] for bone in ("hipjoint", "femur", "tibia"))
    ball, toes = ends[f"{side}foot"], ends[f"{side}toes"]
    upper, lower, foot = f"{side}femur", f"{side}tibia", f"{side}foot"
    back = np.array([0.0, 0.0, -1.0]) * s
    down = np.array([0.0, -1.0, 0.0]) * s
    out = np.array([sign, 0.0, 0.0]) * s
    calf = _between(knee, ankle, 0.3) + 0.016 * back
    return [
        Part(upper, "trousers", hip + 0.01 * out - 0.02 * down, _between(hip, knee, 0.5), 0.09 * s, 0.076 * s),
        Part(upper, "trousers", _between(hip, knee, 0.5), knee, 0.076 * s, 0.058 * s),
        Part(lower, "trousers", knee, calf, 0.06 * s, 0.064 * s),
        Part(lower, "trousers", calf, _between(knee, ankle, 0.9) + 0.006 * back, 0.064 * s, 0.05 * s),
        Part(lower, "skin", _between(knee, ankle, 0.8), ankle, 0.038 * s, 0.036 * s),
        # The sole of a foot that stands lies 75 mm below the ankle and 35 mm below the ball.
        Part(foot, "shoe", ankle + 0.025 * back + 0.03 * down, ankle + 0.012 * back, 0.04 * s, 0.045 * s),
        Part(foot, "shoe", ankle + 0.035 * back + 0.042 * down, ball + 0.004 * down, 0.035 * s, 0.034 * s, (1.1, 0.95, 1.0)),
        Part(foot, "shoe", ankle - 0.02 * back + 0.01 * down, ball - 0.01 * down, 0.04 * s, 0.03 * s),
        Part(f"{side}toes", "shoe", ball + 0.006 * down, toes + 0.004 * down - 0.01 * back, 0.034 * s, 0.028 * s, (1.3, 0.9, 1.0)),
    ]
