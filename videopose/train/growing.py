"""Longer networks from shorter ones that are trained already."""

from torch import nn

from videopose.lift.model import TemporalModel


def grow(model: TemporalModel, filter_widths: tuple[int, ...]) -> TemporalModel:
    """A network with more blocks that answers the same as `model` in the middle of its longer window.

    An added block's last normalisation has scale and shift 0, so its branch adds nothing until trained.

    Raises:
        ValueError: the wider network does not begin with the smaller one's widths.
    """
    if filter_widths[: len(model.filter_widths)] != model.filter_widths:
        raise ValueError(f"filter widths {filter_widths} do not begin with {model.filter_widths}")
    wider = TemporalModel(
        model.in_features, model.out_joints, filter_widths, model.channels, model.dropout.p, causal=model.causal
    )
    wider.load_state_dict(wider.state_dict() | model.state_dict())
    for i in range(len(model.reaches), len(wider.reaches)):
        last = wider.layers_bn[2 * i + 1]
        nn.init.zeros_(last.weight)  # type: ignore[arg-type]
        nn.init.zeros_(last.bias)  # type: ignore[arg-type]
    return wider
