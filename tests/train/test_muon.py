"""The optimizer of hidden kernels."""

import pytest
import torch

from videopose.train.muon import Muon, orthogonalised


@pytest.mark.parametrize("shape", [(32, 96), (96, 32), (48, 48)])
def test_singular_values_go_to_one(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    u, _, vt = torch.linalg.svd(torch.randn(shape), full_matrices=False)
    spectrum = torch.logspace(0, -1.5, min(shape))
    result = orthogonalised(u * spectrum @ vt)
    values = torch.linalg.svdvals(result)
    assert values.min() > 0.5
    assert values.max() < 1.4
    # The singular vectors stay: in their axes the result is nearly diagonal.
    inside = u.T @ result @ vt.T
    assert (inside - inside.diag().diag()).abs().max() < 0.1


def test_step_has_the_size_of_adams_and_kernels_count_as_matrices() -> None:
    torch.manual_seed(1)
    kernel = torch.nn.Parameter(torch.randn(64, 32, 3))
    before = kernel.detach().clone()
    kernel.grad = torch.randn_like(kernel)
    untouched = torch.nn.Parameter(torch.ones(4, 4))
    Muon([kernel, untouched], lr=0.01, weight_decay=0.0).step()
    step = (kernel.detach() - before).square().mean().sqrt().item()
    assert step == pytest.approx(0.01 * 0.2, rel=0.2)
    assert torch.equal(untouched.detach(), torch.ones(4, 4))


def test_it_solves_a_badly_scaled_regression() -> None:
    """Inputs of very unequal strength: the weak directions are found too."""
    torch.manual_seed(2)
    inputs = torch.randn(512, 24) * torch.logspace(0, -1.5, 24)
    truth = torch.randn(24, 24)
    weight = torch.nn.Parameter(torch.zeros(24, 24))
    optimizer = Muon([weight], lr=0.1)
    for step in range(300):
        optimizer.param_groups[0]["lr"] = 0.1 * (1 - step / 300)
        loss = (inputs @ (weight - truth)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert (weight.detach() - truth).abs().mean() < 0.1
