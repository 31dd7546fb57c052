"""Muon: gradient steps whose matrices are made orthogonal.

Adam lets a few strong directions of a weight matrix move and the rest stand still; with all directions moving alike the
lifter needs about half the steps for the same error.
Source: Jordan et al., Muon: an optimizer for hidden layers in neural networks, 2024; scaled to the size of Adam's steps
as in Liu et al., Muon is scalable for LLM training, 2025, so that both share one learning rate.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

_QUINTIC = (3.4445, -4.7750, 2.0315)
"""Coefficients by which an iteration drives singular values in (0, 1] towards 1."""
_ITERATIONS = 5
_ADAM_RMS = 0.2
"""Root mean square of Adam's steps in units of the learning rate."""


def orthogonalised(matrix: Tensor) -> Tensor:
    """(A, B) matrix of nearly the same singular vectors, with singular values near 1; computed in bfloat16."""
    a, b, c = _QUINTIC
    x = matrix.bfloat16()
    x = x / (x.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    for _ in range(_ITERATIONS):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    result: Tensor = (x.T if tall else x).float()
    return result


class Muon(torch.optim.Optimizer):
    """For the kernels of hidden layers; other parameters (norms, first and last layer) are left to Adam."""

    def __init__(
        self, parameters: Iterable[Tensor], lr: float, momentum: float = 0.95, weight_decay: float = 1e-4
    ) -> None:
        """Set up.

        Args:
            parameters: kernels of two or more axes, taken as matrices (first axis, all others).
            lr: learning rate, of Adam's size.
            momentum: decay of the gradients' running mean, with Nesterov's step ahead.
            weight_decay: share of the learning rate by which weights shrink each step.
        """
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Move every parameter that has a gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                gradient = parameter.grad
                if gradient is None:
                    continue
                state = self.state[parameter]
                mean = state.setdefault("mean", torch.zeros_like(parameter))
                mean.lerp_(gradient, 1 - group["momentum"])
                step = orthogonalised(gradient.lerp(mean, group["momentum"]).flatten(1)).view_as(parameter)
                size = _ADAM_RMS * max(parameter.shape[0], parameter[0].numel()) ** 0.5
                parameter.mul_(1 - group["lr"] * group["weight_decay"]).add_(step, alpha=-group["lr"] * size)
