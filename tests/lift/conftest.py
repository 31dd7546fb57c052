"""Recorded results of the reference network, and networks to compare with them."""

import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from videopose.lift import LifterInfo, LifterWeights
from videopose.lift.model import TemporalModel

RECORDED = {
    "w3x3": {"filter_widths": (3, 3, 3)},
    "w3x5": {"filter_widths": (3, 3, 3, 3, 3)},
    "w3x3_causal": {"filter_widths": (3, 3, 3), "causal": True},
    "w3x3_dense": {"filter_widths": (3, 3, 3), "dense": True},
    "w5_3_7": {"filter_widths": (5, 3, 7)},
}
"""Name of the recording -> architecture."""


def fill_by_formula(model: TemporalModel) -> TemporalModel:
    """Give every parameter the value from its name that the recordings were made with.

    The recorder drew all four parts of a normalisation from each key's generator and kept the one the key names; so the
    order of the draws counts.
    """
    state = model.state_dict()
    for key, value in state.items():
        if key.endswith("num_batches_tracked"):
            continue
        random, shape, part = np.random.RandomState(zlib.crc32(key.encode())), tuple(value.shape), key.rsplit(".")[-1]
        if "_bn" in key:
            drawn = {
                "weight": 0.5 + random.rand(*shape),
                "bias": 0.1 * random.randn(*shape),
                "running_mean": 0.1 * random.randn(*shape),
                "running_var": 0.5 + random.rand(*shape),
            }[part]
        elif part == "bias":
            drawn = 0.1 * random.randn(*shape)
        else:
            drawn = random.randn(*shape) / np.sqrt(np.prod(shape[1:]))
        state[key] = torch.from_numpy(drawn.astype(np.float32))
    model.load_state_dict(state)
    return model.eval()


@pytest.fixture(scope="session")
def recorded(shared_dir: Path) -> dict[str, np.ndarray]:
    """All arrays of the recording."""
    with np.load(shared_dir / "golden" / "lifter.npz") as content:
        return dict(content)


@pytest.fixture(scope="session")
def recorded_model() -> Callable[[str], TemporalModel]:
    """Name of a recording -> the network it was made with."""
    return lambda name: fill_by_formula(TemporalModel(34, 17, channels=48, **RECORDED[name]))


@pytest.fixture
def weights() -> Callable[..., LifterWeights]:
    """Make a small lifter: widths 3, 3, 3, COCO-17 in; keyword arguments go to `LifterInfo`."""

    def make(channels: int = 32, **info: object) -> LifterWeights:
        described = LifterInfo("small", **info)
        model = fill_by_formula(TemporalModel(34, 17, (3, 3, 3), channels=channels, causal=described.causal))
        with torch.no_grad():
            model.shrink.weight *= 0.3
        return LifterWeights(model, described)

    return make
