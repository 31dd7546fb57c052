"""The fast path of training: the same numbers as the plain network, and as several processes."""

import copy
import itertools

import pytest
import torch
from torch import Tensor, nn

from videopose.lift.model import TemporalModel
from videopose.train.plain import PlainNetwork
from videopose.train.strided import Shard, StridedNetwork

WIDTHS = (3, 5, 3)
FIELD = 45


def network(seed: int = 0, dropout: float = 0.0, causal: bool = False, dense: bool = False) -> TemporalModel:
    torch.manual_seed(seed)
    model = TemporalModel(34, 17, WIDTHS, 48, dropout, causal, dense)
    for norm in (model.expand_bn, *model.layers_bn):
        nn.init.uniform_(norm.weight, 0.5, 1.5)
        nn.init.normal_(norm.bias)
    return model


def trained(net: StridedNetwork | PlainNetwork, inputs: Tensor, targets: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """Loss, and gradients and statistics after one pass."""
    net.train()
    loss = (net(inputs) - targets).norm(dim=-1).mean()
    loss.backward()
    result = {name: parameter.grad for name, parameter in net.model.named_parameters()}
    return loss.detach(), result | {name: value for name, value in net.model.named_buffers() if "running" in name}


@pytest.mark.parametrize(("causal", "dense", "answers"), list(itertools.product((False, True), (False, True), (1, 6))))
def test_losses_gradients_and_statistics_are_those_of_the_plain_formulas(
    causal: bool, dense: bool, answers: int
) -> None:
    model = network(causal=causal, dense=dense)
    plain, fast = PlainNetwork(copy.deepcopy(model)), StridedNetwork(model)
    for net in (plain, fast):
        net.set_momentum(0.3)
    inputs, targets = torch.randn(64, FIELD - 1 + answers, 34), torch.randn(64, answers, 17, 3)
    (loss, expected), (other, found) = trained(plain, inputs, targets), trained(fast, inputs, targets)
    torch.testing.assert_close(other, loss)
    for name, value in expected.items():
        size = float(value.abs().max())
        torch.testing.assert_close(
            found[name], value, rtol=0, atol=2e-5 * size, msg=lambda m, name=name: f"{name}: {m}"
        )
    fast.eval()
    plain.eval()
    torch.testing.assert_close(fast(inputs), plain(inputs), rtol=1e-4, atol=1e-4)


def test_gradients_are_those_of_finite_differences() -> None:
    model = network()
    net = StridedNetwork(model).train()
    inputs, targets = torch.randn(32, FIELD, 34), torch.randn(32, 1, 17, 3)

    def loss() -> Tensor:
        return (net(inputs) - targets).square().mean()

    loss().backward()
    for parameter in (model.layers_bn[1].weight, model.layers_bn[2].bias, model.layers_conv[0].weight):
        # Uphill: along it the loss changes by more than float32 hides.
        direction = parameter.grad / parameter.grad.norm()
        expected = float(parameter.grad.norm())
        step = 1e-2
        with torch.no_grad():
            parameter.add_(direction, alpha=step)
            above = loss().item()
            parameter.sub_(direction, alpha=2 * step)
            below = loss().item()
            parameter.add_(direction, alpha=step)
        assert (above - below) / (2 * step) == pytest.approx(expected, rel=0.03)


def test_bfloat16_stays_near() -> None:
    model = network()
    exact, rounded = StridedNetwork(copy.deepcopy(model)), StridedNetwork(model, torch.bfloat16)
    inputs, targets = torch.randn(256, FIELD, 34), torch.randn(256, 1, 17, 3)
    (loss, expected), (other, found) = trained(exact, inputs, targets), trained(rounded, inputs, targets)
    assert float(other) == pytest.approx(float(loss), rel=0.01)
    for name in ("expand_conv.weight", "layers_conv.2.weight", "shrink.weight"):
        angle = torch.cosine_similarity(expected[name].flatten(), found[name].flatten(), dim=0)
        assert angle > 0.98


def test_dropout_drops_its_share_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    model = TemporalModel(34, 17, (3,), 64, 0.25)
    net = StridedNetwork(model).train()
    inputs = torch.randn(4096, 3, 34)
    activations = []
    for probability in (0.0, 0.25, 0.8):
        model.dropout.p = probability
        hidden = net._layer(inputs, model.expand_conv, model.expand_bn, Shard(0, 4096, 4096), net._momentum, True)
        activations.append(hidden.detach().flatten(0, 1))
    whole, quarter, most = activations
    alive = whole > 0
    for kept, probability in ((quarter, 0.25), (most, 0.8)):
        share = float((kept[alive] == 0).float().mean())
        assert share == pytest.approx(probability, abs=0.01)
        survivors = alive & (kept > 0)
        torch.testing.assert_close(kept[survivors], whole[survivors] / (1 - probability), rtol=1e-3, atol=1e-4)
        # which ones are dropped depends neither on the row nor on the column
        assert float((kept == 0).float()[alive].std()) > 0.1
        by_row = ((kept == 0) & alive).sum(1) / alive.sum(1)
        assert float(by_row.std()) < 0.15


def test_part_of_a_batch_drops_what_the_whole_drops() -> None:
    inputs = torch.randn(10, FIELD, 34)
    model = network(dropout=0.5).eval()
    net = StridedNetwork(model)
    # Dropout without batch statistics: then parts need nothing of each other.
    net.train()
    torch.manual_seed(3)
    whole = net(inputs, None, True)
    parts = []
    for first, count in ((0, 3), (3, 7)):
        torch.manual_seed(3)
        parts.append(net(inputs[first : first + count], Shard(first, count, 10), True))
    torch.testing.assert_close(torch.cat(parts), whole)


def test_running_statistics_serve_in_training_mode_too() -> None:
    model = network()
    inputs = torch.randn(40, FIELD, 34)
    plain, fast = PlainNetwork(copy.deepcopy(model)), StridedNetwork(model)
    before = {name: value.clone() for name, value in model.named_buffers()}
    results = []
    for net in (plain, fast):
        net.train()
        results.append(net(inputs, None, True))
        results[-1].square().mean().backward()
    torch.testing.assert_close(results[1], results[0], rtol=1e-4, atol=1e-4)
    for one, other in zip(plain.model.parameters(), fast.model.parameters(), strict=True):
        torch.testing.assert_close(other.grad, one.grad, rtol=0, atol=2e-5 * float(one.grad.abs().max()))
    for name, value in fast.model.named_buffers():
        assert torch.equal(value, before[name]), name
