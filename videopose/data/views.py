"""Endless synthetic views of motion capture: random bodies, cameras, and 2D errors as detectors make them.

Everything is drawn for a whole batch at once, on the device of the data. Errors are given in metres at the person's
distance, so that they scale with the person in the picture.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from videopose.data.detector_errors import DetectorErrors
from videopose.data.draws import log_uniform, uniform
from videopose.data.mocap import CAPTURE_JOINTS, COCO_FROM_CAPTURE, Clip
from videopose.data.variation import VariationSettings, vary
from videopose.lift.normalisation import person_view, ray_rotation, view_centre
from videopose.skeletons import COCO17, H36M17

STANDARD_SIZE_M = 4.02
"""Sum of the bone lengths of the 17-joint skeleton of a middling adult (the mean of the training subjects). A single
camera cannot see how tall somebody is, so every target is scaled to this size."""

_PARENTS = (*H36M17.parents, *[H36M17.index("neck")] * 5)
_BONE_GROUPS = torch.tensor([0, 1, 2, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 8, 9, 10, 11, 11, 11, 11, 11])
"""Bones that keep one length factor: left and right alike."""
_WRISTS = [CAPTURE_JOINTS.index("left_wrist"), CAPTURE_JOINTS.index("right_wrist")]
_MIRROR = torch.tensor(
    [
        CAPTURE_JOINTS.index(
            n.replace("left", "?").replace("right", "left").replace("?", "right")
            if n.startswith(("left", "right"))
            else n
        )
        for n in CAPTURE_JOINTS
    ]
)


@dataclass(frozen=True, slots=True)
class ViewSettings:
    """What random bodies, cameras and detectors are drawn from; a recipe's table `[views]`."""

    frame_rate: float = 30.0
    """Frames per second of the drawn sequences: the lifter's own rate."""
    speed_range: tuple[float, float] = (0.7, 1.4)
    """Factor on the speed of the recorded movement."""
    limb_spread: float = 0.06
    """Standard deviation of the logarithm of bone length factors."""
    distance_m_range: tuple[float, float] = (1.8, 14.0)
    """Camera to person, drawn evenly on a logarithmic scale."""
    pitch_degrees_mean: float = 8.0
    """Positive looks down on the person."""
    pitch_degrees_spread: float = 14.0
    """Standard deviation."""
    roll_degrees_spread: float = 4.0
    """Standard deviation."""
    off_axis_degrees: float = 28.0
    """A person may stand this far off the optical axis to each side (a third of it up and down)."""
    focal_error: float = 0.2
    """Standard deviation of the logarithm of assumed over true focal length."""
    jitter_m_range: tuple[float, float] = (0.003, 0.02)
    """White noise, a level drawn per sequence."""
    drift_m_range: tuple[float, float] = (0.005, 0.03)
    """Noise that wanders within a fifth of a second to a few seconds."""
    offset_m: float = 0.02
    """Constant offset of each keypoint in the body's axes: what a detector calls a hip is not the joint's centre."""
    hip_drop_m: float = 0.08
    """A detector's hips lie up to this much lower than the joints' centres, a level drawn per sequence."""
    hip_spread_m: float = 0.03
    """And each up to this much farther out."""
    face_rise_m: float = 0.08
    """A detector's face lies up to this much higher over the shoulders than the recorded skeletons have it."""
    forearm_stretch: float = 0.45
    """Forearms are up to this share longer: the recorded skeletons' wrists lie short of the hand."""
    hidden_probability: float = 0.35
    """Sequences with a hidden part: its keypoints are guesses."""
    swap_probability: float = 0.1
    """Sequences with a stretch in which left and right are exchanged."""
    edge_probability: float = 0.2
    """Sequences in which the person appears late or leaves early."""


@dataclass(frozen=True, slots=True)
class ViewBatch:
    """Training examples."""

    inputs: Tensor
    """(N, L + R - 1, 34) normalised keypoints."""
    targets: Tensor
    """(N, L, 17, 3) metres, root-relative, axes of the virtual camera."""
    valid: Tensor
    """(N, L) bool: False beyond the ends of the sequence."""


def _turn(yaw: Tensor, pitch: Tensor, roll: Tensor) -> Tensor:
    """(N, 3, 3) world (Y up) to camera axes (y down, z away): yaw about the vertical, then pitch, then roll."""
    zero, one = torch.zeros_like(yaw), torch.ones_like(yaw)

    def matrix(*entries: Tensor) -> Tensor:
        return torch.stack(entries, -1).reshape(-1, 3, 3)

    about_y = matrix(yaw.cos(), zero, yaw.sin(), zero, one, zero, -yaw.sin(), zero, yaw.cos())
    flip = matrix(one, zero, zero, zero, -one, zero, zero, zero, -one)
    about_x = matrix(one, zero, zero, zero, pitch.cos(), -pitch.sin(), zero, pitch.sin(), pitch.cos())
    about_z = matrix(roll.cos(), -roll.sin(), zero, roll.sin(), roll.cos(), zero, zero, zero, one)
    return about_z @ about_x @ flip @ about_y


class ViewSampler:
    """Draws batches from clips that stay on one device."""

    def __init__(
        self,
        clips: list[Clip],
        receptive_field: int,
        length: int,
        settings: ViewSettings,
        weights: dict[str, float] | None = None,
        device: torch.device | str = "cpu",
        every: int = 1,
        variation: VariationSettings | None = None,
        causal: bool = False,
    ) -> None:
        """Load the clips.

        Args:
            clips: motion of one frame rate.
            receptive_field: R of the network, frames.
            length: L, answers per sequence that are scored.
            settings: what to draw from.
            weights: factor per subject on how often its frames are drawn; 1 where not named.
            device: where everything is computed.
            every: frames from one answer to the next.
            variation: how movement departs from what was recorded; None leaves it as it is.
            causal: an answer sees only the frames before it.
        """
        self.settings = settings
        self.variation = variation
        self.receptive_field = receptive_field
        self.causal = causal
        self.lead = receptive_field - 1 if causal else (receptive_field - 1) // 2
        self.every = every
        self.length = (length - 1) * every + 1
        self.step = clips[0].fps / settings.frame_rate
        self.positions = torch.cat([torch.from_numpy(c.positions) for c in clips]).to(device)
        lengths = torch.tensor([len(c.positions) for c in clips])
        self.clip_length = lengths.to(device)
        self.clip_start = torch.cat([torch.zeros(1, dtype=torch.long), lengths.cumsum(0)[:-1]]).to(device)
        factors = torch.tensor([(weights or {}).get(c.subject, 1.0) for c in clips])
        self.probability = (factors * lengths).to(device)

    def draw(self, count: int) -> ViewBatch:
        """A batch of `count` sequences, random numbers from torch's global generator."""
        capture, valid = self._movement(count)
        if self.variation:
            capture = vary(capture, self._movement(count)[0], self.variation)
        capture = random_body(capture, self.settings)
        camera, _ = random_camera(capture, self.settings)
        present = self._presence(valid)
        inputs, _ = person_view(random_detections(camera, self.settings), self.causal)
        inputs = repeat_edges(inputs.flatten(2), present)
        answered = slice(self.lead, self.lead + self.length, self.every)
        camera = camera[:, answered]
        keypoints = camera[:, :, torch.as_tensor(COCO_FROM_CAPTURE)]
        rotation = ray_rotation(view_centre(keypoints[..., :2] / keypoints[..., 2:]))
        joints = camera[:, :, : len(H36M17)]
        targets = (joints - joints[:, :, :1]) @ rotation.transpose(-1, -2)
        return ViewBatch(inputs, targets.contiguous(), present[:, answered])

    def _movement(self, count: int) -> tuple[Tensor, Tensor]:
        """(N, T, 22, 3) world positions at the lifter's rate, and (N, T) bool: within the clip."""
        like, settings = self.positions, self.settings
        total = self.length + self.receptive_field - 1
        clip = torch.multinomial(self.probability, count, replacement=True)
        start, length = self.clip_start[clip], self.clip_length[clip]
        step = self.step * log_uniform(settings.speed_range, (count,), like)
        room = length - 1 - (self.length - 1) * step
        # A clip shorter than the window lies somewhere inside it, a longer one is entered anywhere.
        first = torch.rand(count, device=like.device) * room
        time = first[:, None] + (torch.arange(total, device=like.device) - self.lead) * step[:, None]
        valid = (time >= 0) & (time <= (length - 1)[:, None])
        time = time.clamp(min=0).minimum((length - 1)[:, None])
        low = time.floor().long().minimum((length - 2).clamp(min=0)[:, None])
        share = (time - low)[..., None, None]
        rows = start[:, None] + low
        upper = (rows + 1).clamp(max=len(self.positions) - 1)
        return torch.lerp(self.positions[rows], self.positions[upper], share), valid

    def _presence(self, valid: Tensor) -> Tensor:
        """(N, T) bool: within the clip, and the person in the picture; some appear late or leave early."""
        count, total = valid.shape
        frames = torch.arange(total, device=valid.device)
        chance = torch.rand(count, 2, device=valid.device) < self.settings.edge_probability / 2
        like = self.positions
        appears = torch.where(chance[:, 0], self.lead + self.length * uniform(0.0, 0.6, (count,), like), 0.0)
        leaves = torch.where(chance[:, 1], self.lead + self.length * uniform(0.4, 1.0, (count,), like), float(total))
        present = valid & (frames >= appears[:, None]) & (frames <= leaves[:, None])
        return torch.where(present.any(1, keepdim=True), present, valid)


def random_body(positions: Tensor, settings: ViewSettings) -> Tensor:
    """Other proportions at the standard size, half of the bodies mirrored.

    Args:
        positions: (N, T, 22, 3) metres, world axes (Y up).
        settings: what to draw from.

    Returns:
        (N, T, 22, 3) metres, world axes.
    """
    count = len(positions)
    parents = torch.tensor(_PARENTS[1:], device=positions.device)
    factors = (settings.limb_spread * torch.randn(count, 12, device=positions.device)).exp()
    bones = (positions[:, :, 1:] - positions[:, :, parents]) * factors[:, None, _BONE_GROUPS[1:], None]
    size = bones[:, :, : len(H36M17) - 1].norm(dim=-1).sum(-1).mean(-1)
    scale = (STANDARD_SIZE_M / size)[:, None, None]
    stretch = 1.0 + settings.forearm_stretch * torch.rand(count, 1, 1, 1, device=positions.device)
    bones[:, :, [wrist - 1 for wrist in _WRISTS]] *= stretch
    joints = [positions[:, :, 0] * scale]
    for child, parent in enumerate(_PARENTS[1:]):
        joints.append(joints[parent] + bones[:, :, child] * scale)
    body = torch.stack(joints, dim=2)
    mirrored = body[:, :, _MIRROR] * torch.tensor([-1.0, 1.0, 1.0], device=body.device)
    return torch.where((torch.rand(count, device=body.device) < 0.5)[:, None, None, None], mirrored, body)


def random_camera(positions: Tensor, settings: ViewSettings) -> tuple[Tensor, Tensor]:
    """World to the axes of a random camera that has the person in front of it.

    Args:
        positions: (N, T, 22, 3) metres, world axes (Y up).
        settings: what to draw from.

    Returns:
        (N, T, 22, 3) metres in camera axes, and the (N, 3, 3) turns from world to camera axes.
    """
    count = len(positions)
    degrees = torch.pi / 180
    yaw = uniform(0.0, 2 * torch.pi, (count,), positions)
    pitch = settings.pitch_degrees_mean + settings.pitch_degrees_spread * torch.randn(count, device=yaw.device)
    roll = settings.roll_degrees_spread * torch.randn(count, device=yaw.device)
    turn = _turn(yaw, pitch * degrees, roll * degrees)
    middle = positions[:, positions.shape[1] // 2, :1]
    turned = (positions - middle[:, None]) @ turn.transpose(-1, -2)[:, None]
    distance = log_uniform(settings.distance_m_range, (count,), positions)
    limit = torch.tensor([settings.off_axis_degrees, settings.off_axis_degrees / 3], device=yaw.device) * degrees
    slope = (limit * uniform(-1.0, 1.0, (count, 2), positions)).tan()
    # Whoever walks into the camera is moved back with the whole sequence.
    distance = torch.maximum(distance, 1.0 - turned[..., 2].amin((1, 2)))
    place = torch.cat([slope, torch.ones_like(slope[:, :1])], -1) * distance[:, None]
    return turned + place[:, None, None], turn


def random_detections(camera: Tensor, settings: ViewSettings) -> Tensor:
    """What a detector would say of a person.

    Args:
        camera: (N, T, 22, 3) metres, camera axes.
        settings: what to draw its errors from.

    Returns:
        (N, T, 17, 2) COCO keypoints on the plane at distance 1 of a camera whose focal length is slightly mistaken.
    """
    points, emphasis = annotated_points(camera, settings)
    plane = points[..., :2] / points[..., 2:].clamp(min=0.2)
    depth = camera[:, :, :1, 2:].clamp(min=0.2)
    errors = DetectorErrors(
        COCO17,
        settings.jitter_m_range,
        settings.drift_m_range,
        settings.hidden_probability,
        settings.swap_probability,
    )
    plane = errors.apply(plane, depth, emphasis)
    ratio = (settings.focal_error * torch.randn(len(camera), device=camera.device)).exp()
    return plane * ratio[:, None, None, None]


def annotated_points(camera: Tensor, settings: ViewSettings) -> tuple[Tensor, Tensor]:
    """Where those who annotate pictures would put COCO's keypoints on a body.

    Args:
        camera: (N, T, 22, 3) metres, camera axes.
        settings: what to draw the differences from.

    Returns:
        (N, T, 17, 3) metres in camera axes, and (N, T, 17, 1) factors on the noise of a detector.
    """
    count = len(camera)
    points = camera[:, :, torch.as_tensor(COCO_FROM_CAPTURE)]
    body, forward = _body_axes(camera)
    offset = settings.offset_m * torch.randn(count, 17, 3, device=camera.device)
    levels = torch.rand(count, 3, 1, device=camera.device)
    left, right = COCO17.index("left_hip"), COCO17.index("right_hip")
    offset[:, [left, right], 1] -= settings.hip_drop_m * levels[:, 0]
    offset[:, left, 0] += settings.hip_spread_m * levels[:, 1, 0]
    offset[:, right, 0] -= settings.hip_spread_m * levels[:, 1, 0]
    offset[:, :5, 1] += settings.face_rise_m * levels[:, 2]
    points = points + torch.einsum("njk,ntkd->ntjd", offset, body)
    # Faces of people seen from behind are made up.
    facing_away = forward[..., 2].clamp(min=0.0)[..., None, None]
    face = torch.zeros(17, 1, device=camera.device)
    face[:5] = 1.0
    return points, 1.0 + 2.0 * face * facing_away


def _body_axes(camera: Tensor) -> tuple[Tensor, Tensor]:
    """(N, T, 3, 3) rows left, up, forward of the trunk in camera axes, and (N, T, 3) forward."""
    joint = {name: camera[:, :, i] for i, name in enumerate(H36M17.joint_names)}
    left = functional.normalize(joint["left_hip"] - joint["right_hip"], dim=-1)
    up = joint["thorax"] - joint["hip"]
    up = functional.normalize(up - (up * left).sum(-1, keepdim=True) * left, dim=-1)
    # Camera axes are right-handed like the world's: left x up = forward.
    forward = torch.linalg.cross(left, up)
    return torch.stack([left, up, forward], dim=-2), forward


def repeat_edges(inputs: Tensor, valid: Tensor) -> Tensor:
    """Beyond the ends of a sequence repeat its first and last frame, as the lifter does."""
    frames = torch.arange(inputs.shape[1], device=inputs.device)
    first = valid.float().argmax(1)
    last = inputs.shape[1] - 1 - valid.flip(1).float().argmax(1)
    index = frames[None].maximum(first[:, None]).minimum(last[:, None])
    return inputs.gather(1, index[..., None].expand_as(inputs))
