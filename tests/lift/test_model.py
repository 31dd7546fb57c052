"""The network against what the reference program recorded."""

import numpy as np
import pytest
import torch

from videopose.lift.model import TemporalModel

NAMES = ("w3x3", "w3x5", "w3x3_causal", "w3x3_dense", "w5_3_7")


@pytest.mark.shared
@pytest.mark.parametrize("name", NAMES)
def test_output_equals_the_reference(name, recorded, recorded_model):
    with torch.inference_mode():
        output = recorded_model(name)(torch.from_numpy(recorded["input"]).flatten(2)).numpy()
    assert output.shape == recorded[name].shape
    np.testing.assert_allclose(output, recorded[name], atol=1e-5)


@pytest.mark.shared
def test_a_single_output_frame_equals_the_strided_reference(recorded, recorded_model):
    with torch.inference_mode():
        output = recorded_model("w3x3_causal")(torch.from_numpy(recorded["input"][:, :27]).flatten(2)).numpy()
    np.testing.assert_allclose(output, recorded["w3x3_causal_single"], atol=1e-5)


def test_size_of_the_published_network():
    model = TemporalModel(34, 17, (3, 3, 3, 3, 3))
    assert sum(parameter.numel() for parameter in model.parameters()) == 16_952_371
    assert model.receptive_field == 243


@pytest.mark.parametrize(("causal", "seen"), [(False, range(20 - 13, 20 + 14)), (True, range(20 - 26, 20 + 1))])
def test_exactly_the_receptive_field_matters(causal, seen):
    torch.manual_seed(0)
    model = TemporalModel(34, 17, (3, 3, 3), channels=16, causal=causal).eval()
    before = 26 if causal else 13
    inputs = torch.randn(1, 26 + 41, 34)
    with torch.inference_mode():
        reference = model(inputs)[0, 20]
        for frame in range(-before, 41 + 26 - before):
            changed = inputs.clone()
            changed[0, frame + before] += 1.0
            assert bool((model(changed)[0, 20] != reference).any()) == (frame in seen)


def test_even_widths_are_refused():
    with pytest.raises(ValueError, match="odd"):
        TemporalModel(34, 17, (3, 4))


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("every", [1, 3, 9, 27])
def test_answers_apart_are_those_of_the_whole_sequence(causal, every):
    torch.manual_seed(0)
    model = TemporalModel(34, 17, (3, 3, 3), channels=16, causal=causal).double().eval()
    x = torch.randn(2, 27 + 40, 34, dtype=torch.float64)
    torch.testing.assert_close(model(x, every), model(x)[:, ::every], atol=1e-12, rtol=0)


@pytest.mark.parametrize(("dense", "every"), [(False, 2), (False, 81), (True, 3)])
def test_answers_apart_fit_the_filters(dense, every):
    model = TemporalModel(34, 17, (3, 3, 3), channels=8, dense=dense).eval()
    with pytest.raises(ValueError, match="every must be"):
        model(torch.randn(1, 200, 34), every)
