"""What the gallery shows: each case a movement, a camera, and what there is to say about the result."""

from dataclasses import dataclass, replace

from rendering.room import Box
from rendering.shot import Film
from rendering.video import View


@dataclass(frozen=True, slots=True)
class Case:
    """One picture of the gallery."""

    name: str
    title: str
    trial: str
    start_s: float
    seconds: float
    view: View
    moment_s: float
    """Time in the video of the frame that is pictured."""
    good: bool
    why: str
    """What there is to see; for a bad result its reason."""
    remedy: str = ""
    """For a bad result: what to do about it."""
    options: tuple[str, ...] = ()
    """Of `videopose infer`, besides the defaults."""
    render_of: str = ""
    """Another case whose video is used again."""


OPENING = "kick"
"""The case with which the README opens."""
WALK = ("09_12", 5.0, 2.0)
"""Walking, from a person the lifter was never trained on: the same seconds in many cases, to compare."""
KARATE = ("135_02", 11.0, 1.4)
_SIDE = View((4.6, 1.4, 0.0))
_BESIDE = View((-4.4, 1.3, 0.4))

CASES = (
    Case(
        "walk",
        "Walking, seen from the side",
        *WALK,
        _SIDE,
        moment_s=1.3,
        good=True,
        why="The whole person is in the picture, the camera at chest height. Several cases below show the same walk.",
    ),
    Case(
        "run",
        "Running past the camera",
        "09_01",
        0.0,
        1.2,
        View((5.0, 1.2, 0.0), fov_degrees=55.0),
        moment_s=0.6,
        good=True,
        why="A short shutter keeps fast limbs sharp, and the camera is far enough for the whole way.",
    ),
    Case(
        "kick",
        "A high kick",
        "135_07",
        5.4,
        1.8,
        View((4.1, 1.3, 0.6)),
        moment_s=1.0,
        good=True,
        why="The leg swings across the picture and comes out right. The forearms in front of the chest are less sure.",
    ),
    Case(
        "kata",
        "Karate, seen from the side",
        *KARATE,
        _BESIDE,
        moment_s=0.5,
        good=True,
        why="The arms strike across the picture, so that their length and direction are seen.",
    ),
    Case(
        "above",
        "The camera high up, looking down",
        *WALK,
        View((2.0, 4.6, 0.0), (0.0, 0.8, 0.0), fov_degrees=60.0),
        moment_s=1.3,
        good=False,
        why="From above, legs are short and lie behind the trunk: the picture holds little of what they do. And the "
        "lifter was trained with cameras that look down by 10 degrees, give or take 18; this one does by 62.",
        remedy="Put the camera at hip to chest height, and look down by less than about 20 degrees.",
    ),
    Case(
        "towards_camera",
        "A strike towards the camera",
        *KARATE,
        View((-1.2, 1.3, -4.2)),
        moment_s=0.5,
        good=False,
        why="The same karate as above, seen from where the fist strikes. How far the arm reaches forward and the foot "
        "back is not in the picture, so the stance comes out too short (see the view from the side).",
        remedy="Film from the side of the movement, 30 to 90 degrees off its direction.",
    ),
    Case(
        "hidden_arm",
        "An arm hidden by the body",
        *KARATE,
        View((0.6, 1.3, 4.6)),
        moment_s=0.5,
        good=False,
        why="The same again, from behind. Nothing of the striking arm is seen, so where it is can only be made up.",
        remedy="Film from the side on which the hands work.",
    ),
    Case(
        "table",
        "Legs hidden behind a counter",
        *WALK,
        View(
            (4.6, 1.4, 0.0),
            furniture=(
                Box((1.0, 0.66, -1.6), (1.9, 0.72, 1.6)),
                Box((1.8, 0.0, -1.6), (1.86, 0.66, 1.6), (0.50, 0.34, 0.21)),
            ),
        ),
        moment_s=1.3,
        good=False,
        why="The detector guesses where hidden legs may be, and the lifter believes it.",
        remedy="Move the furniture, or raise the camera until the feet are seen.",
    ),
    Case(
        "small",
        "The person is small in the picture",
        *WALK,
        View((19.0, 1.6, 0.0), fov_degrees=75.0),
        moment_s=1.3,
        good=False,
        why="Somebody 60 pixels tall, a ninth of the picture's height, is too small for the embedded detector.",
        remedy="Come nearer or zoom in: the person should fill at least a quarter of the picture's height.",
    ),
    Case(
        "cut_off",
        "Cut off at the picture's edge",
        *WALK,
        View((1.9, 1.5, 0.0), (0.0, 1.35, 0.0), fov_degrees=55.0),
        moment_s=1.3,
        good=False,
        why="What lies outside the picture is unknown, and the detector puts it somewhere near the edge.",
        remedy="Keep the whole person inside, with some room around.",
    ),
    Case(
        "cartwheel",
        "Upside down in a cartwheel",
        "49_06",
        1.2,
        2.0,
        View((4.4, 1.2, 0.0), (0.0, 0.85, 0.0)),
        moment_s=1.1,
        good=False,
        why="The keypoints follow, but the depths do not (see the view from the side): the lifter has learnt from "
        "people who mostly stand.",
        remedy="Check such moments by eye, or leave them out with `--start` and `--end`.",
    ),
    Case(
        "slow_camera",
        "Six frames a second, and blurred",
        *KARATE,
        replace(_BESIDE, fps=6, shutter=0.9),
        moment_s=1.0,
        good=False,
        why="The same karate as above. The leg that swings forward is a smear, and the detector puts it elsewhere.",
        remedy="30 frames/s or more, and enough light for a short shutter (1/250 s).",
    ),
    Case(
        "wrong_fov",
        "A wrong field of view",
        *WALK,
        _SIDE,
        moment_s=1.3,
        good=False,
        why="The video of the first case, but `infer` was told that the lens sees 100 degrees instead of 50. The pose "
        "suffers little; the distance, and with it every length of way, is wrong.",
        remedy="Give `--fov` or `--focal` if you know it. Most phones see 45 to 75 degrees along the longer side.",
        options=("--fov", "100"),
        render_of="walk",
    ),
    Case(
        "dark",
        "Very dark",
        *WALK,
        View((4.6, 1.4, 0.0), film=Film(exposure=0.006, noise=0.05)),
        moment_s=1.3,
        good=False,
        why="The person hardly stands out from the sensor's noise.",
        remedy="More light.",
    ),
)
