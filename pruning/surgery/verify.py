"""Proof that a removal did what was meant: the small network against the dense one that does not read the channels."""

import copy

import torch
from torch import nn

from pruning.graph import TracedModel
from pruning.graph.comparison import Comparison, DifferenceError, is_costly, unread
from pruning.graph.layers import silence_outputs
from pruning.plans import Plan
from pruning.recording import Example, Inputs, as_inputs
from pruning.surgery.apply import traced_for


@torch.no_grad()
def mask(model: nn.Module | TracedModel, plan: Plan) -> nn.Module:
    """A copy of the dense network in which every channel that the plan removes is exactly zero.

    Filters, biases, scales, shifts and running means of these channels are set to 0 in all producers. Where the plan
    was made by the 'zero' criterion with eps = 0, this is also the unmasked dense network, exactly, on the pictures
    that the statistics were recorded on; in general the removed activations are what differs.

    Raises:
        ValueError: the plan does not fit the model.
    """
    traced = traced_for(model, plan)
    masked = copy.deepcopy(traced.model)
    for (name, side), positions in traced.network.removed_positions(plan.removed).items():
        if side == "out":
            silence_outputs(masked.get_submodule(name), positions)
    return masked


def verify(model: nn.Module | TracedModel, plan: Plan, pruned: nn.Module, example: Example | None = None) -> float:
    """Check that the pruned network computes what the dense network computes without the removed channels.

    Both run in evaluation mode, with the same random numbers, on the example and on random inputs of its shapes: in
    float64, or in the model's own type where the forward asks for that, or first where float64 would take minutes. In
    the dense network the weights that read removed channels are zero, and group and layer normalisation, which mix
    channels, are over the remaining ones: there removal is another function than masking, and what is checked is that
    it is the function of the remaining channels. Every layer is compared (its last run, if it runs several times), not
    only the outputs, which biases can dominate. Differences to expect are those of adding up in another order. With the
    'zero' criterion and eps = 0 removed channels are zero on the recorded pictures, so the removal is lossless on them.

    Args:
        model: the dense network, traced or not.
        plan: the plan that was applied.
        pruned: the result of `pruning.apply`.
        example: what the forward takes; None takes that of a traced network.

    Returns:
        The largest absolute difference between the outputs.

    Raises:
        ValueError: a layer or an output differs; the message names the first layer that does. Or there is nothing to
            compare, since the dense network gives no number on the example.
    """
    traced = traced_for(model, plan, example)
    inputs = traced.inputs if example is None else as_inputs(example)
    masked = unread(traced.model, traced.network, plan.removed).eval()
    costly = is_costly(traced.network)
    small = copy.deepcopy(pruned).eval()
    pair = Comparison(traced.network, plan.removed, masked, small, precise=not costly)
    try:
        largest = _on_example(pair, inputs)
    except DifferenceError:
        if not costly:
            raise
        # It may be rounding, which a detector's choice of boxes makes large.
        largest = _on_example(Comparison(traced.network, plan.removed, masked, small, precise=True), inputs)
    if costly or not any(x.is_floating_point() for x in inputs.tensors()):
        return largest
    return max(largest, _on_random(pair, inputs))


def _on_example(pair: Comparison, inputs: Inputs) -> float:
    expected = pair.expected(inputs)
    _check_numbers([*expected.layers.items(), *(("the output", out) for out in expected.outputs)])
    return pair.difference(inputs, expected)


def _on_random(pair: Comparison, inputs: Inputs) -> float:
    """A single example could hide a difference: channels may be inactive on it by chance."""
    generator = torch.Generator().manual_seed(0)
    trial = inputs.map(
        lambda x: torch.randn(x.shape, generator=generator).to(x) if x.is_floating_point() else x.clone()
    )
    try:
        expected = pair.expected(trial)
    except Exception:
        return 0.0  # a network that takes some inputs only
    return pair.difference(trial, expected)


def _check_numbers(values: list[tuple[str, torch.Tensor]]) -> None:
    for name, tensor in values:
        if tensor.is_floating_point() and tensor.isnan().any():
            raise ValueError(f"nothing can be compared: in the dense network {name} gives NaN on the example")
