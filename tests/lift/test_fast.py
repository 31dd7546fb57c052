"""The network as matrix products against the network as convolutions."""

import numpy as np
import pytest
import torch

import videopose.precision as precision_module
from videopose.lift import fast
from videopose.lift.fast import FastModel
from videopose.lift.model import TemporalModel
from videopose.precision import choose_precision


def network(causal: bool = False, dense: bool = False, widths: tuple[int, ...] = (3, 3, 3), channels: int = 40):
    """Random weights, and normalisation statistics as measured on random input."""
    torch.manual_seed(1)
    model = TemporalModel(34, 17, widths, channels=channels, dropout=0.0, causal=causal, dense=dense)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm1d):
                module.momentum = None
                module.weight.uniform_(-1.0, 1.0)
                module.bias.normal_()
        model.train()(torch.randn(2, 400, 34))
    return model.eval()


@pytest.mark.parametrize("sequences", [1, 3])
@pytest.mark.parametrize(
    "kind",
    [
        pytest.param({}, id="27 frames"),
        pytest.param({"causal": True}, id="causal"),
        pytest.param({"dense": True}, id="dense"),
        pytest.param({"widths": (5, 3, 7)}, id="5, 3, 7"),
        pytest.param({"widths": (1,)}, id="one frame"),
        pytest.param({"widths": (3, 3, 3, 3, 3)}, id="243 frames"),
    ],
)
@torch.inference_mode()
def test_equals_the_convolutions(kind, sequences):
    model = network(**kind)
    inputs = torch.randn(sequences, 320, 34)
    np.testing.assert_allclose(FastModel(model)(inputs), model(inputs), atol=1e-5)


@pytest.mark.shared
def test_equals_the_reference(recorded, recorded_model):
    output = FastModel(recorded_model("w3x5"))(torch.from_numpy(recorded["input"]).flatten(2))
    np.testing.assert_allclose(output, recorded["w3x5"], atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("sizes", [[1] * 60, [26, 1, 33], [60], [0, 7, 53]])
@torch.inference_mode()
def test_a_stream_in_pieces_equals_one_pass(sizes, dtype):
    model = FastModel(network(), dtype)
    inputs = torch.randn(2, 60, 34)
    stream = model.stream(2)
    pieces = torch.cat([stream.push(piece) for piece in inputs.split(sizes, dim=1)])
    whole = model(inputs).transpose(0, 1).flatten(2)
    assert pieces.shape == (34, 2, 51)
    # sums of other order round otherwise; in bfloat16 that may tip a value over to its neighbour
    np.testing.assert_allclose(pieces, whole, atol=1e-5 if dtype == torch.float32 else 0.05)


@pytest.mark.parametrize("piece_rows", [1, 50, 128, 100_000])
@torch.inference_mode()
def test_piece_size_does_not_matter(piece_rows, monkeypatch):
    model = network(widths=(3, 3, 3, 3))
    inputs = torch.randn(2, 400, 34)
    expected = model(inputs)
    monkeypatch.setattr(fast, "PIECE_ROWS", piece_rows)
    np.testing.assert_allclose(FastModel(model)(inputs), expected, atol=1e-5)


@torch.inference_mode()
def test_memory_does_not_grow_with_length():
    model = FastModel(network())
    stream = model.stream()
    sizes = []
    for _ in range(20):
        stream.push(torch.randn(1, 100, 34))
        sizes.append(sum(window._memory.numel() for window in stream._inputs))
    assert sizes[1] == sizes[-1]


@torch.inference_mode()
def test_bfloat16_is_closer_than_plain_rounding():
    model = network(widths=(3, 3, 3, 3, 3), channels=256)
    inputs = torch.randn(1, 500, 34)
    exact = model(inputs)
    plain = model.bfloat16()(inputs.bfloat16()).float()
    model.float()
    rounded = FastModel(network(widths=(3, 3, 3, 3, 3), channels=256), torch.bfloat16)(inputs)
    distance = (rounded - exact).norm(dim=-1).mean()
    assert distance < 0.004 * exact.norm(dim=-1).mean()
    assert distance < 0.5 * (plain - exact).norm(dim=-1).mean()


@pytest.mark.parametrize(
    ("precision", "channels", "native", "expected"),
    [
        ("auto", 512, True, torch.bfloat16),
        ("auto", 512, False, torch.float32),
        ("auto", 64, True, torch.float32),
        ("float32", 512, True, torch.float32),
        ("bfloat16", 64, False, torch.bfloat16),
    ],
)
def test_precision(precision, channels, native, expected, monkeypatch):
    monkeypatch.setattr(precision_module, "has_fast_bfloat16", lambda: native)
    assert choose_precision(precision, torch.device("cpu"), channels) is expected


def test_unknown_precision():
    with pytest.raises(ValueError, match="float16"):
        choose_precision("float16", torch.device("cpu"), 512)
