"""Proof that a removal did what was meant: the small network against the dense one that does not read the channels."""

import copy
from collections.abc import Iterator

import torch
from torch import nn

from pruning.comparison import answer, as_double, difference, doubled, unread
from pruning.graph import TracedModel
from pruning.layers import NORM_BUFFERS, channel_axis
from pruning.plan_data import Plan
from pruning.recording import Example, Inputs, as_inputs
from pruning.surgery import traced_for

RANDOM_INPUTS = 2
"""A single example could hide a difference: channels may be inactive on it by chance."""


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
        if side == "in":
            continue
        layer = masked.get_submodule(name)
        index = torch.from_numpy(positions)
        for part in ("weight", "bias", *NORM_BUFFERS[:1]):
            tensor = getattr(layer, part, None)
            if tensor is not None:
                tensor.index_fill_(channel_axis(layer, "out") if part == "weight" else 0, index.to(tensor.device), 0)
    return masked


def verify(
    model: nn.Module | TracedModel, plan: Plan, pruned: nn.Module, example: Example | None = None
) -> float:
    """Check that the pruned network computes what the dense network computes without the removed channels.

    Both run in evaluation mode, with the same random numbers, on the example and on random inputs of its shapes: in
    float64, or where the forward asks for another type, in the model's own. In the dense network the weights that read
    removed channels are zero. Every layer is compared (its last run, if it runs several times), not only the outputs,
    which biases can dominate. Differences to expect are those of adding up in another order. With the 'zero' criterion
    and eps = 0 removed channels are zero on the recorded pictures, so the removal is lossless on them.

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
    small = copy.deepcopy(pruned).eval()
    if doubled(masked, inputs, traced.network):
        masked, small, inputs = masked.double(), small.double(), as_double(inputs)
    return max(_difference(traced, plan, masked, small, trial, i == 0) for i, trial in enumerate(_trials(inputs)))


def _trials(inputs: Inputs) -> Iterator[Inputs]:
    generator = torch.Generator().manual_seed(0)
    yield inputs
    for _ in range(RANDOM_INPUTS if any(x.is_floating_point() for x in inputs.tensors()) else 0):
        yield inputs.map(
            lambda x: torch.randn(x.shape, generator=generator).to(x) if x.is_floating_point() else x.clone()
        )


def _difference(
    traced: TracedModel, plan: Plan, masked: nn.Module, small: nn.Module, inputs: Inputs, is_example: bool
) -> float:
    try:
        expected = answer(masked, inputs, traced.network)
    except Exception:
        if is_example:
            raise
        return 0.0  # a network that does not take random inputs
    if is_example:
        _check_numbers([*expected.layers.items(), *(("the output", out) for out in expected.outputs)])
    try:
        found = answer(small, inputs, traced.network)
    except Exception as error:
        raise ValueError(f"the pruned network does not run: {type(error).__name__}: {error}") from error
    return difference(traced.network, plan.removed, expected, found)


def _check_numbers(values: list[tuple[str, torch.Tensor]]) -> None:
    for name, tensor in values:
        if tensor.is_floating_point() and tensor.isnan().any():
            raise ValueError(f"nothing can be compared: in the dense network {name} gives NaN on the example")
