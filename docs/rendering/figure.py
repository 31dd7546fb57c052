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
    """(3,) metres."""
    end: np.ndarray
    """(3,) metres."""
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
    make = _Maker(float(np.mean(legs)) / _LEG_M)
    found = [*_trunk(ends, make), *_head(ends)]
    for side in "lr":
        found += [*_arm(ends, side, make), *_leg(ends, side, make)]
    return found


def _between(a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
    point: np.ndarray = a + share * (b - a)
    return point


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes parts whose lengths are written for the person of `_LEG_M`."""

    scale: float

    def at(self, origin: np.ndarray, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> np.ndarray:
        """A point beside another one."""
        point: np.ndarray = origin + self.scale * np.array([x, y, z])
        return point

    def cone(
        self, bone: str, material: str, start: np.ndarray, end: np.ndarray, radii: tuple[float, float], *stretch: float
    ) -> Part:
        """From point to point."""
        x, y, z = stretch or (1.0, 1.0, 1.0)
        return Part(bone, material, start, end, radii[0] * self.scale, radii[1] * self.scale, (x, y, z))

    def roll(self, bone: str, material: str, centre: np.ndarray, half: float, radius: float, *stretch: float) -> Part:
        """Across the body, the same on both sides."""
        ends = self.at(centre, x=half), self.at(centre, x=-half)
        return self.cone(bone, material, *ends, (radius, radius), *stretch)


def _trunk(ends: dict[str, np.ndarray], make: _Maker) -> list[Part]:
    hips = (ends["lhipjoint"] + ends["rhipjoint"]) / 2
    shoulders = (ends["lclavicle"] + ends["rclavicle"]) / 2
    waist, chest, neck = ends["lowerback"], ends["upperback"], ends["lowerneck"]
    at, roll = make.at, make.roll
    width = float(np.linalg.norm(ends["lhipjoint"] - hips)) / make.scale
    return [
        roll("root", "trousers", at(hips, y=0.015), 0.75 * width, 0.1),
        roll("root", "trousers", at(hips, y=-0.03, z=-0.055), 0.06, 0.085),
        roll("root", "trousers", at((hips + waist) / 2, z=0.005), 0.055, 0.105, 1, 0.8, 0.88),
        # the shirt hangs over the belt
        roll("root", "shirt", at(hips, y=0.085), 0.07, 0.12, 1, 0.9, 0.96),
        roll("lowerback", "shirt", at(waist, y=-0.035), 0.055, 0.125, 1, 1, 0.84),
        roll("lowerback", "shirt", at(waist, y=0.035), 0.065, 0.118, 1, 1, 0.8),
        roll("upperback", "shirt", at(chest, y=0.02, z=0.015), 0.06, 0.125, 1, 1, 0.85),
        roll("thorax", "shirt", at(ends["thorax"], z=0.01), 0.08, 0.11, 1, 1, 0.88),
        roll("thorax", "shirt", at(shoulders, y=-0.01), 0.11, 0.062),
        roll("lowerneck", "shirt", at(shoulders, y=0.022), 0.06, 0.055),
        make.cone("lowerneck", "skin", at(ends["thorax"], y=0.03), neck, (0.062, 0.054)),
        make.cone("upperneck", "skin", neck, at(ends["upperneck"], y=0.015), (0.054, 0.052)),
    ]


def _head(ends: dict[str, np.ndarray]) -> list[Part]:
    # The head keeps its size: the points of the face are fixed in metres, too.
    make = _Maker(1.0)
    centre = head_centre(ends)

    def part(material: str, start: tuple[float, ...], end: tuple[float, ...], *rest: float) -> Part:
        """Points as (up, forward); then two radii, and perhaps a stretch."""
        a, b = (make.at(centre, 0.0, up, forward) for up, forward in (start, end))
        return make.cone("head", material, a, b, (rest[0], rest[1]), *rest[2:])

    def roll(up: float, forward: float, half: float, radius: float) -> Part:
        return make.roll("head", "skin", make.at(centre, 0.0, up, forward), half, radius)

    found = [
        part("skin", (0.035, -0.005), (0.032, -0.02), 0.088, 0.088, 0.87, 1, 1),
        part("skin", (0.0, 0.03), (-0.04, 0.042), 0.062, 0.05, 1, 1, 0.95),
        part("skin", (-0.062, 0.058), (-0.078, 0.066), 0.036, 0.026, 1.15, 1, 1),
        # the nose's ridge and wings, brows, lips
        part("skin", (0.025, 0.086), (-0.004, 0.104), 0.009, 0.013),
        roll(-0.008, 0.093, 0.008, 0.009),
        roll(0.047, 0.077, 0.03, 0.014),
        roll(-0.04, 0.08, 0.012, 0.014),
        part("hair", (0.062, -0.018), (0.05, -0.045), 0.089, 0.083, 0.93, 1, 1),
        part("hair", (0.03, -0.05), (-0.01, -0.052), 0.072, 0.055, 1.05, 1, 1),
    ]
    for sign in (1.0, -1.0):
        top, lobe = make.at(centre, sign * 0.077, 0.012, -0.006), make.at(centre, sign * 0.075, -0.016)
        found.append(make.cone("head", "skin", top, lobe, (0.019, 0.013), 0.5, 1, 0.8))
    return found


def _arm(ends: dict[str, np.ndarray], side: str, make: _Maker) -> list[Part]:
    shoulder, elbow, wrist = (ends[f"{side}{bone}"] for bone in ("clavicle", "humerus", "radius"))
    along = make.scale * (wrist - elbow) / np.linalg.norm(wrist - elbow)
    upper, lower = f"{side}humerus", f"{side}radius"
    collar = make.at(_between(ends["thorax"], shoulder, 0.75), y=-0.01)
    hem, muscle, palm = _between(shoulder, elbow, 0.55), _between(elbow, wrist, 0.35), wrist + 0.085 * along
    found = [
        make.cone(f"{side}clavicle", "shirt", collar, shoulder, (0.058, 0.056)),
        make.cone(upper, "shirt", shoulder, hem, (0.056, 0.051)),
        make.cone(upper, "skin", _between(shoulder, elbow, 0.4), elbow, (0.045, 0.038)),
        make.cone(lower, "skin", elbow, muscle, (0.038, 0.041)),
        make.cone(lower, "skin", muscle, wrist, (0.041, 0.027)),
        make.cone(f"{side}wrist", "skin", wrist + 0.01 * along, palm, (0.026, 0.036), 1, 0.55, 1),
    ]
    # In the rest pose the palms look down and the thumbs forward.
    for place, length in ((0.027, 0.068), (0.009, 0.077), (-0.009, 0.072), (-0.026, 0.058)):
        base = make.at(palm + 0.012 * along, z=place)
        found.append(make.cone(f"{side}hand", "skin", base, base + length * along, (0.0105, 0.0085)))
    base = make.at(wrist + 0.025 * along, z=0.025)
    tip = make.at(base + 0.055 * along, z=0.033)
    found.append(make.cone(f"{side}thumb", "skin", base, tip, (0.015, 0.01)))
    return found


def _leg(ends: dict[str, np.ndarray], side: str, make: _Maker) -> list[Part]:
    hip, knee, ankle = (ends[f"{side}{bone}"] for bone in ("hipjoint", "femur", "tibia"))
    ball, toes = ends[f"{side}foot"], ends[f"{side}toes"]
    upper, lower, foot = f"{side}femur", f"{side}tibia", f"{side}foot"
    at, cone = make.at, make.cone
    middle, calf = _between(hip, knee, 0.5), at(_between(knee, ankle, 0.3), z=-0.016)
    out = 0.01 if side == "l" else -0.01
    return [
        cone(upper, "trousers", at(hip, x=out, y=0.02), middle, (0.09, 0.076)),
        cone(upper, "trousers", middle, knee, (0.076, 0.058)),
        cone(lower, "trousers", knee, calf, (0.06, 0.064)),
        cone(lower, "trousers", calf, at(_between(knee, ankle, 0.9), z=-0.006), (0.064, 0.05)),
        cone(lower, "skin", _between(knee, ankle, 0.8), ankle, (0.038, 0.036)),
        # The sole of a foot that stands lies 75 mm below the ankle and 35 mm below the ball.
        cone(foot, "shoe", at(ankle, y=-0.03, z=-0.025), at(ankle, z=-0.012), (0.04, 0.045)),
        cone(foot, "shoe", at(ankle, y=-0.042, z=-0.035), at(ball, y=-0.004), (0.035, 0.034), 1.1, 0.95, 1),
        cone(foot, "shoe", at(ankle, y=-0.01, z=0.02), at(ball, y=0.01), (0.04, 0.03)),
        cone(f"{side}toes", "shoe", at(ball, y=-0.006), at(toes, y=-0.004, z=0.01), (0.034, 0.028), 1.3, 0.9, 1),
    ]
