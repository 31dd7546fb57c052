"""The temporal convolution network that lifts 2D keypoints to 3D joints.

Source: Pavllo, Feichtenhofer, Grangier, Auli: 3D human pose estimation in video with temporal convolutions and
semi-supervised training, CVPR 2019. Parameter names follow the published checkpoints, so that those load as they are.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional


class TemporalModel(nn.Module):
    """Residual dilated convolutions over time, without padding: an output frame sees `receptive_field` input frames."""

    def __init__(
        self,
        in_features: int,
        out_joints: int,
        filter_widths: Sequence[int],
        channels: int = 1024,
        dropout: float = 0.25,
        causal: bool = False,
        dense: bool = False,
    ) -> None:
        """Build the network with fresh weights.

        Args:
            in_features: numbers per input frame (2 per keypoint in the paper).
            out_joints: joints in the result.
            filter_widths: odd width of each convolution; their product is the receptive field in frames.
            channels: width of the network.
            dropout: probability, during training.
            causal: crop the residual at the end instead of the middle; the caller then pads on the left only.
            dense: the paper's ablation: full kernels instead of dilated ones.
        """
        super().__init__()
        if any(width % 2 == 0 for width in filter_widths):
            raise ValueError(f"filter widths must be odd, got {tuple(filter_widths)}")
        self.in_features = in_features
        self.out_joints = out_joints
        self.filter_widths = tuple(filter_widths)
        self.channels = channels
        self.causal = causal
        self.dense = dense
        self.expand_conv = nn.Conv1d(in_features, channels, filter_widths[0], bias=False)
        self.expand_bn = nn.BatchNorm1d(channels, momentum=0.1)
        convolutions: list[nn.Module] = []
        norms: list[nn.Module] = []
        self.reaches: list[int] = []
        """Frames that block i looks to each side, beyond its own."""
        dilation = filter_widths[0]
        for width in filter_widths[1:]:
            reach = (width - 1) * dilation // 2
            kernel, step = (2 * reach + 1, 1) if dense else (width, dilation)
            convolutions += [
                nn.Conv1d(channels, channels, kernel, dilation=step, bias=False),
                nn.Conv1d(channels, channels, 1, bias=False),
            ]
            norms += [nn.BatchNorm1d(channels, momentum=0.1) for _ in range(2)]
            self.reaches.append(reach)
            dilation *= width
        self.layers_conv = nn.ModuleList(convolutions)
        self.layers_bn = nn.ModuleList(norms)
        self.shrink = nn.Conv1d(channels, out_joints * 3, 1)
        self.dropout = nn.Dropout(dropout)

    @property
    def receptive_field(self) -> int:
        """Input frames that one output frame depends on."""
        return math.prod(self.filter_widths)

    def forward(self, inputs: Tensor, every: int = 1) -> Tensor:
        """Lift sequences.

        Args:
            inputs: (N, T, in_features) normalised keypoints, T >= receptive_field.
            every: answer only every `every`-th frame, at the cost per answer that all frames together have. Neighbours
                teach next to nothing new, so training answers frames that lie apart. A product of the first filter
                widths.

        Returns:
            (N, ceil((T - receptive_field + 1) / every), out_joints, 3) joints.

        Raises:
            ValueError: `every` is no such product, or above 1 for dense kernels.
        """
        if self.dense and every > 1:
            raise ValueError("every must be 1 for dense kernels")
        # Frames between neighbours at this depth: a layer that feeds only every third frame computes only those.
        spacing = math.gcd(every, self.filter_widths[0])
        weight = self.expand_conv.weight
        x = functional.conv1d(inputs.transpose(1, 2), weight, stride=spacing)
        x = self.dropout(torch.relu(self.expand_bn(x)))
        for i, reach in enumerate(self.reaches):
            stride = math.gcd(every // spacing, self.filter_widths[i + 1])
            reach //= spacing
            start = 2 * reach if self.causal else reach
            residual = x[:, :, start : x.shape[2] - 2 * reach + start : stride]
            dilation = 1 if self.dense else math.prod(self.filter_widths[: i + 1]) // spacing
            x = functional.conv1d(x, self.layers_conv[2 * i].weight, None, stride, dilation=dilation)  # type: ignore[arg-type]
            x = self.dropout(torch.relu(self.layers_bn[2 * i](x)))
            x = residual + self.dropout(torch.relu(self.layers_bn[2 * i + 1](self.layers_conv[2 * i + 1](x))))
            spacing *= stride
        if spacing != every:
            raise ValueError(f"every must be a product of the first filter widths {self.filter_widths}, got {every}")
        x = self.shrink(x).transpose(1, 2)
        joints: Tensor = x.reshape(x.shape[0], x.shape[1], self.out_joints, 3)
        return joints
