"""One step of training on archives: gather, forward, losses, backward, Adam."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from videopose.data.poses import PoseData
from videopose.errors import InputError, UsageError
from videopose.lift.model import TemporalModel
from videopose.precision import choose_precision
from videopose.skeletons import SKELETONS
from videopose.train.archive_data import TrainingData
from videopose.train.archive_recipe import ArchiveRecipe
from videopose.train.captured import CapturedStep
from videopose.train.distributed import is_distributed, rank, world_size
from videopose.train.losses import (
    best_place,
    bone_loss,
    position_loss,
    project,
    shared_joints,
    trajectory_loss,
    unproject,
)
from videopose.train.plain import PlainNetwork
from videopose.train.strided import Shard, StridedNetwork
from videopose.train.windows import WindowBatch, Windows

LOSSES = ("position", "trajectory", "projection", "bone")
"""What a step reports, in this order."""


@dataclass(frozen=True, slots=True)
class Examples:
    """What a run draws its batches from, on the device."""

    labelled: Windows
    unlabelled: Windows | None


class Step:
    """Moves the weights of a pose network, and of a trajectory network where there is unlabelled data."""

    def __init__(
        self,
        recipe: ArchiveRecipe,
        data: TrainingData,
        model: TemporalModel,
        trajectory: TemporalModel | None,
        device: torch.device,
    ) -> None:
        """Set up examples, networks and optimizer.

        Args:
            recipe: what to do.
            data: what to learn from.
            model: pose network, on the device.
            trajectory: the network for the root's path, on the device; None: supervised training.
            device: of this process.

        Raises:
            InputError: the keypoints show too few of the joints to compare a projection with, or cameras are missing.
            UsageError: settings that do not go together with the device or with several processes.
        """
        if is_distributed() and not recipe.fast:
            raise UsageError(f"{recipe.name}: several processes train by the fast path only. Leave --no-fast out.")
        self.recipe = recipe
        self.device = device

        def windows(poses: PoseData) -> Windows:
            frames = model.receptive_field
            options = (recipe.causal, recipe.stride, recipe.flip)
            return Windows(poses, frames, *options, device=device)

        self.examples = Examples(windows(data.labelled), None if data.unlabelled is None else windows(data.unlabelled))
        dtype = precision(recipe, device, model.channels)
        kind = StridedNetwork if recipe.fast else PlainNetwork
        self._plain = [kind(one, dtype) for one in (model, trajectory) if one is not None]
        self._networks: list[nn.Module] = list(self._plain)
        if is_distributed():
            own = [device] if device.type == "cuda" else None
            self._networks = [DistributedDataParallel(one, own, broadcast_buffers=False) for one in self._plain]
        parameters = [parameter for network in self._plain for parameter in network.parameters()]
        captured = device.type == "cuda" and not is_distributed() and trajectory is None
        rate = torch.tensor(recipe.learning_rate, device=device) if captured else recipe.learning_rate
        self.optimizer = torch.optim.Adam(parameters, rate, amsgrad=True, fused=True, capturable=captured)
        self._captured = CapturedStep(self._supervised) if captured else None
        self._active = False
        if data.unlabelled is not None:
            self._prepare_back_projection(data.labelled, data.unlabelled)

    def _prepare_back_projection(self, labelled: PoseData, unlabelled: PoseData) -> None:
        self._parents = SKELETONS[labelled.layout_out].parents
        self._pairs = shared_joints(labelled.layout_in, labelled.layout_out) if self.recipe.projection_loss else None
        for data, needed in ((labelled, "root"), (unlabelled, "intrinsics")):
            if bare := [sequence.name for sequence in data.sequences if getattr(sequence, needed) is None]:
                what = "path of the root joint" if needed == "root" else "camera"
                raise InputError(f"{data.name}: the {what} of {bare[0]} is not known. Choose other subjects.")

    def begin_epoch(self, learning_rate: float, momentum: float, active: bool) -> None:
        """Set what changes from epoch to epoch.

        Args:
            learning_rate: of Adam.
            momentum: of BatchNorm.
            active: whether unlabelled data counts.
        """
        for group in self.optimizer.param_groups:
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(learning_rate)
            else:
                group["lr"] = learning_rate
        for network in self._plain:
            network.set_momentum(momentum)
            network.train()
        self._active = active

    def __call__(self, chosen: Tensor, unlabelled: Tensor | None = None) -> Tensor:
        """Do a step.

        Args:
            chosen: (N,) int64 on the CPU: labelled examples, for all processes together.
            unlabelled: (N,) unlabelled ones, where there is such data.

        Returns:
            (1 + len(LOSSES),) float64: how many labelled examples this process had, and its sums of the losses.
        """
        shard = _share(len(chosen))
        mine = slice(shard.first, shard.first + shard.count)
        if unlabelled is None:
            if self._captured and len(chosen) * self.recipe.stride == self.recipe.batch_size:
                return self._captured(chosen.to(self.device, non_blocking=True))
            return self._supervised(chosen[mine].to(self.device), shard)
        return self._semi_supervised(chosen[mine].to(self.device), unlabelled[mine].to(self.device), shard)

    def _supervised(self, chosen: Tensor, shard: Shard | None = None) -> Tensor:
        batch = self.examples.labelled.batch(chosen)
        assert batch.targets is not None
        loss = position_loss(self._networks[0](batch.inputs, shard), batch.targets)
        self._descend(loss, shard)
        return _sums(len(chosen), [loss.detach()], self.device)

    def _semi_supervised(self, chosen: Tensor, unlabelled: Tensor, shard: Shard) -> Tensor:
        recipe = self.recipe
        assert self.examples.unlabelled is not None
        batch, other = self.examples.labelled.batch(chosen), self.examples.unlabelled.batch(unlabelled)
        assert batch.targets is not None and batch.roots is not None and other.intrinsics is not None
        pose, trajectory = self._networks
        poses, paths = pose(batch.inputs, shard), trajectory(batch.inputs, shard)[:, :, 0]
        position = position_loss(poses, batch.targets)
        path = trajectory_loss(paths, batch.roots)
        loss = position + path
        parts = [position, path]
        if self._active:
            # By the running statistics, as in use: those of unlabelled people among the labelled would change what the
            # network learns from labels.
            other_poses = pose(other.inputs, shard, True)
            projection = bone = torch.zeros((), device=self.device)
            if self._pairs:
                other_paths = trajectory(other.inputs, shard, True)[:, :, 0]
                projection = self._projection_loss(other_poses, other_paths, other)
            if recipe.bone_loss:
                bone = bone_loss(poses, other_poses, self._parents, shard.total, each=recipe.each_bone)
            loss = loss + projection + bone
            parts += [projection, bone]
        self._descend(loss, shard)
        return _sums(len(chosen), [part.detach() for part in parts], self.device)

    def _projection_loss(self, poses: Tensor, paths: Tensor, batch: WindowBatch) -> Tensor:
        """How far projections of (N, S, K, 3) poses on (N, S, 3) paths are from the keypoints, screen coordinates."""
        assert self._pairs is not None and batch.intrinsics is not None
        (seen, shown), cameras = self._pairs, batch.intrinsics
        keypoints, joints, linear = batch.keypoints[:, :, seen], poses[:, :, shown], self.recipe.linear_projection

        def loss(joints: Tensor, paths: Tensor) -> Tensor:
            return position_loss(project(joints + paths[:, :, None], cameras, linear), keypoints)

        if not self.recipe.solved_place:
            return loss(joints, paths)
        # A path that is off pushes all joints the same way, and what tells of the pose drowns in it. The place is that
        # of the pose with its root at 0, so that a pose cannot drift away as a whole.
        still = poses.detach()
        place = best_place((still - still[:, :, :1])[:, :, shown], unproject(keypoints, cameras, linear))
        return loss(joints, place) + loss(still[:, :, shown], paths)

    def _descend(self, loss: Tensor, shard: Shard | None) -> None:
        # Gradients of processes are averaged: each one's loss counts by its share of the batch.
        share = 1.0 if shard is None else shard.count * world_size() / shard.total
        self.optimizer.zero_grad(set_to_none=True)
        (loss * share).backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()


def precision(recipe: ArchiveRecipe, device: torch.device, channels: int) -> torch.dtype:
    """The dtype of the products' factors; switches TF32 on a GPU on or off.

    Raises:
        UsageError: TF32 without a GPU.
    """
    if recipe.precision == "tf32" and device.type != "cuda":
        raise UsageError(f"--precision tf32 needs a GPU, not {device.type}. Choose auto, bfloat16 or float32.")
    if device.type == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = recipe.precision == "tf32"
    name = "float32" if recipe.precision == "tf32" else recipe.precision
    return choose_precision(name, device, channels)


def _share(total: int) -> Shard:
    """This process's part of a batch."""
    first, end = (total * part // world_size() for part in (rank(), rank() + 1))
    return Shard(first, end - first, total)


def _sums(count: int, losses: list[Tensor], device: torch.device) -> Tensor:
    sums = torch.zeros(1 + len(LOSSES), dtype=torch.float64, device=device)
    sums[0] = count
    for place, loss in enumerate(losses, 1):
        sums[place] = loss * count
    return sums
