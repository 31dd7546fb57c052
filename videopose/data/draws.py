"""Random numbers in the shapes that synthetic views need; all from torch's global generator."""

import torch
from torch import Tensor
from torch.nn import functional


def uniform(low: float, high: float, shape: tuple[int, ...], like: Tensor) -> Tensor:
    """Evenly between `low` and `high`, on the device of `like`."""
    return low + (high - low) * torch.rand(shape, device=like.device)


def log_uniform(bounds: tuple[float, float], shape: tuple[int, ...], like: Tensor) -> Tensor:
    """Between the positive `bounds`, evenly on a logarithmic scale."""
    low, high = torch.tensor(bounds).log().tolist()
    return uniform(low, high, shape, like).exp()


def wandering(shape: tuple[int, int, int, int], knot_frames: int, like: Tensor) -> Tensor:
    """(N, T, J, D) smooth noise of about unit deviation that changes every `knot_frames` frames."""
    count, length, joints, axes = shape
    knots = torch.randn(count, joints * axes, length // knot_frames + 3, device=like.device)
    noise = functional.interpolate(knots, scale_factor=float(knot_frames), mode="linear")[..., knot_frames // 2 :]
    return noise[..., :length].transpose(1, 2).reshape(shape) * 1.22


def span(count: int, length: int, probability: float, like: Tensor, longest: float = 1.2) -> Tensor:
    """(N, T) float: 1 within one random stretch of up to `longest` times the length, in a share of the sequences."""
    middle = uniform(0.0, length, (count, 1), like)
    half = uniform(0.02, longest / 2, (count, 1), like) * length
    inside = (torch.arange(length, device=like.device) - middle).abs() < half
    return (inside & (torch.rand(count, 1, device=like.device) < probability)).float()
