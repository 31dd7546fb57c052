"""The temporal network as it stands: what the fast path is compared with."""

import torch
from torch import Tensor, nn

from videopose.lift.model import TemporalModel
from videopose.train.strided import Shard


class PlainNetwork(nn.Module):
    """`TemporalModel` with torch's own convolutions, under autocast for bfloat16; for one process."""

    def __init__(self, model: TemporalModel, dtype: torch.dtype = torch.float32) -> None:
        """Share the weights of a network.

        Args:
            model: stays the owner of parameters and statistics.
            dtype: of the convolutions, torch.float32 or torch.bfloat16.
        """
        super().__init__()
        self.model = model
        self.dtype = dtype

    def set_momentum(self, momentum: float) -> None:
        """Set the share of a batch's statistics in the running ones."""
        for module in self.model.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.momentum = momentum

    def forward(self, windows: Tensor, shard: Shard | None = None, running: bool = False) -> Tensor:
        """Lift the frames that windows are about.

        Args:
            windows: (N, T, in_features) normalised keypoints, T >= the receptive field R.
            shard: of no use here.
            running: normalise by the running statistics in training mode too, and leave them as they are.

        Returns:
            (N, T - R + 1, out_joints, 3) float32 joints, metres.
        """
        model = self.model
        for module in model.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.train(self.training and not running)
        single = windows.shape[1] == model.receptive_field and not model.dense
        with torch.autocast(windows.device.type, dtype=torch.bfloat16, enabled=self.dtype == torch.bfloat16):
            joints: Tensor = model(windows, model.receptive_field if single else 1)
        return joints.float()
