"""Which angles there are, what their signs mean, and which cannot be had from 17 joints.

Source: the recommendations of the International Society of Biomechanics, Wu et al., Journal of Biomechanics 35 (2002)
543-548 (hip, spine) and 38 (2005) 981-992 (shoulder, elbow), after Grood and Suntay, Journal of Biomechanical
Engineering 105 (1983) 136-144; the pelvis in the order of Baker, Gait and Posture 13 (2001) 1-6. Left and right have
the same signs: a mirrored movement has the same angles.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Angle:
    """One angle, in degrees."""

    name: str
    """Unique, with the side first: `left_knee_flexion`."""
    title: str
    """For people: `Left knee flexion`."""
    joint: str
    """Name of the joint of `skeletons.H36M17` at which it is."""
    positive: str
    """What more of it means."""
    zero: str
    """What 0 degrees are."""
    undefined: str = ""
    """When it is not defined although all joints are known; empty: always is."""


@dataclass(frozen=True, slots=True)
class Unknowable:
    """Something that people ask for and 17 joints cannot tell."""

    name: str
    """`ankle_dorsiflexion`."""
    reason: str
    """One sentence."""


BENT_DEGREES = 30.0
"""Knees and elbows bent less have no plane that could be trusted: an error of the shank's or the forearm's direction
turns it by that error divided by the sine of the bend."""
RAISED_DEGREES = 20.0
"""The same for the plane in which an arm is raised (and for arms that point almost straight up)."""
GIMBAL_DEGREES = 75.0
"""When the second of three angles comes nearer to a right angle than this, the first and the third turn about nearly
the same axis."""

_TRUNK = (
    Angle(
        "pelvis_tilt",
        "Pelvis tilt",
        "hip",
        "the top of the pelvis tips forward (anterior tilt)",
        "the line from the middle of the hips to the spine is upright",
        f"obliquity beyond {GIMBAL_DEGREES:g} degrees",
    ),
    Angle("pelvis_obliquity", "Pelvis obliquity", "hip", "the right hip is higher than the left", "the hips are level"),
    Angle(
        "pelvis_rotation",
        "Pelvis rotation",
        "hip",
        "turned to the person's own left; counts on beyond 180 when somebody keeps turning",
        "faces the camera",
        f"obliquity beyond {GIMBAL_DEGREES:g} degrees",
    ),
    Angle(
        "trunk_inclination",
        "Trunk inclination",
        "thorax",
        "the line from the hips to the thorax leans, to whichever side",
        "upright",
    ),
    Angle(
        "trunk_flexion",
        "Trunk flexion",
        "spine",
        "the thorax bends forward on the pelvis; negative is extension",
        "hips, spine and thorax lie in line, seen from the side; people who walk upright read about 10",
        f"lateral bending beyond {GIMBAL_DEGREES:g} degrees",
    ),
    Angle(
        "trunk_lateral_bending",
        "Trunk lateral bending",
        "spine",
        "the thorax bends to the right",
        "pelvis, spine and thorax lie in line, seen from the front",
    ),
    Angle(
        "trunk_rotation",
        "Trunk rotation",
        "spine",
        "the shoulders turn to the person's own left, against the hips",
        "shoulders and hips are parallel, seen from above",
        f"lateral bending beyond {GIMBAL_DEGREES:g} degrees",
    ),
    Angle(
        "neck_flexion",
        "Neck flexion",
        "thorax",
        "the top of the head moves forward against the thorax; negative is extension",
        "the top of the head lies in line with spine and thorax, seen from the side",
        f"lateral bending beyond {GIMBAL_DEGREES:g} degrees",
    ),
    Angle(
        "neck_lateral_bending",
        "Neck lateral bending",
        "thorax",
        "the top of the head moves to the right",
        "the top of the head lies in line with spine and thorax, seen from the front",
    ),
)

_LIMBS = (
    Angle(
        "hip_flexion",
        "hip flexion",
        "hip",
        "the thigh moves forward; negative is extension",
        "the thigh continues the line from the spine to the hips, seen from the side",
        f"adduction beyond {GIMBAL_DEGREES:g} degrees to either side",
    ),
    Angle(
        "hip_adduction",
        "hip adduction",
        "hip",
        "the thigh moves to the other leg; negative is abduction",
        "the thigh is at a right angle to the line through the hips",
    ),
    Angle(
        "hip_internal_rotation",
        "hip internal rotation",
        "hip",
        "the thigh turns inwards: with a bent knee the foot moves outwards; negative is external rotation",
        "the knee bends in the plane of hip flexion",
        f"knee bent less than {BENT_DEGREES:g} degrees, adduction beyond {GIMBAL_DEGREES:g} degrees",
    ),
    Angle(
        "knee_flexion", "knee flexion", "knee", "the heel moves to the buttock; never negative", "the leg is straight"
    ),
    Angle(
        "shoulder_plane_of_elevation",
        "shoulder plane of elevation",
        "shoulder",
        "the raised arm lies farther forward: 90 is straight ahead, -90 straight back",
        "the arm is raised to its side (abduction)",
        f"arm less than {RAISED_DEGREES:g} degrees from straight down or straight up",
    ),
    Angle(
        "shoulder_elevation",
        "shoulder elevation",
        "shoulder",
        "the arm is raised, in whichever plane; never negative",
        "the arm hangs along the thorax",
    ),
    Angle(
        "shoulder_internal_rotation",
        "shoulder internal rotation",
        "shoulder",
        "the upper arm turns inwards about itself; negative is external rotation",
        "with the arm raised to its side and the elbow bent, the forearm points forward",
        f"elbow bent less than {BENT_DEGREES:g} degrees, "
        f"arm less than {RAISED_DEGREES:g} degrees from straight down or straight up",
    ),
    Angle(
        "elbow_flexion",
        "elbow flexion",
        "elbow",
        "the hand moves to the shoulder; never negative",
        "the arm is straight",
    ),
)


def _on(side: str, angle: Angle) -> Angle:
    return Angle(
        f"{side}_{angle.name}",
        f"{side.capitalize()} {angle.title}",
        f"{side}_{angle.joint}",
        angle.positive,
        angle.zero,
        angle.undefined,
    )


LIMB_ANGLES = tuple(angle.name for angle in _LIMBS)
"""Names of the angles that each side has, without the side."""
ANGLES: tuple[Angle, ...] = (*_TRUNK, *[_on(side, angle) for side in ("left", "right") for angle in _LIMBS])
"""All angles, in the order in which they are given."""

UNKNOWABLE: tuple[Unknowable, ...] = (
    Unknowable("ankle_angles", "The leg ends at the ankle: no joint of the foot is among the 17."),
    Unknowable("foot_angles", "No joint of the foot is among the 17."),
    Unknowable(
        "knee_varus_valgus", "Hip, knee and ankle always lie in one plane, and that plane is taken as the hinge's."
    ),
    Unknowable("knee_rotation", "Turning the shank about itself moves none of the 17 joints."),
    Unknowable(
        "knee_and_elbow_hyperextension",
        "Of a nearly straight limb the side to which it is bent is less than the error of the joints.",
    ),
    Unknowable("forearm_pronation", "Turning the forearm about itself moves none of the 17 joints."),
    Unknowable("wrist_angles", "The arm ends at the wrist: no joint of the hand is among the 17."),
    Unknowable("neck_rotation", "Turning the head moves one point of it, by less than its error in most videos."),
    Unknowable(
        "scapula_angles",
        "No joint of the shoulder blade is among the 17: what it adds is part of shoulder elevation.",
    ),
    Unknowable(
        "pelvis_against_lumbar_spine",
        "One joint stands for the spine: tilt of the pelvis and bend of the lower back are seen together.",
    ),
)
"""What 17 joints cannot tell."""
