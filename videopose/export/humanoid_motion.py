"""One person's movement on the skeleton of animation files: at an even rate, in the file's axes and units."""

from fractions import Fraction

import numpy as np

from videopose.export.humanoid import JOINTS, PosedHumanoid, pose_humanoid
from videopose.export.rest_pose import turned, with_rest_pose
from videopose.export.sampling import at_rows, even_rows
from videopose.export.settings import ExportSettings
from videopose.types import Motion
from videopose.world import World, bridged_root

CENTIMETRES = 100.0
"""Units of length per metre that readers of BVH and FBX expect."""
_GROUND_PERCENTILE = 10.0


def even_humanoid(
    motion: Motion, fps: Fraction | float, settings: ExportSettings, world: World
) -> tuple[PosedHumanoid, np.ndarray]:
    """The body, one row every 1 / `fps` seconds, and its way.

    Args:
        motion: T at least 1 frame of the 17 Human3.6M joints.
        fps: nominal frames per second.
        settings: axes (by default Y up), units (by default centimetres) and rest pose.
        world: axes to give places in.

    Returns:
        The skeleton and (T', 3) places of its hips, in the file's axes and units. In the camera's world the floor is
        brought to height 0, see `ground_height`.

    Raises:
        ValueError: the motion has no frame, or `fps` is not positive.
    """
    if len(motion) == 0 or not fps > 0:
        raise ValueError(f"a motion file needs a frame and a positive rate, got {len(motion)} frames and fps={fps}")
    rows, scale, axes = even_rows(motion.time_s, float(fps)), settings.scale(CENTIMETRES), settings.axes("y")
    joints = at_rows(world.directions(motion.joints), rows)
    body = pose_humanoid(joints * scale, float(fps))
    place = at_rows(world.places(bridged_root(motion)), rows) * scale
    if settings.world == "camera":
        place[:, 1] -= ground_height(body, place)
    body = with_rest_pose(body, settings.rest_pose)
    if settings.up != "z":
        return body, place
    return turned(body, axes), place @ axes.T


def ground_height(body: PosedHumanoid, place: np.ndarray) -> float:
    """Height of the ground, where the 10th percentile over the frames of the lower foot lies.

    So neither a single bad frame nor a jump sinks or lifts the whole motion.

    Args:
        body: Y up, resting in the T-pose.
        place: (T, 3) of the hips, the same length unit.
    """
    positions = body.positions()[..., 1] + place[:, 1:2]
    soles = [positions[:, row] + body.ends[joint.name][1] for row, joint in enumerate(JOINTS) if "Foot" in joint.name]
    return float(np.percentile(np.minimum(*soles), _GROUND_PERCENTILE))
