"""Proof that a removal did what was meant: the small network against the dense one with the same channels silenced."""

import copy
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from pruning.layers import NORM_BUFFERS, channel_axis
from pruning.plan_data import Plan
from pruning.recording import Example, as_inputs, tensors
from pruning.structure import Network
from pruning.surgery import network_of

TOLERANCE = 1e-9
"""Largest accepted difference in float64, relative to the largest value of the tensor; rounding stays near 1e-14."""
NOISE = 1e-15
"""Differences below this are rounding of values near one that cancel, whatever is left of those values."""
RANDOM_INPUTS = 2
"""A single example could hide a difference: channels may be inactive on it by chance."""


def mask(model: nn.Module, plan: Plan) -> nn.Module:
    """A copy of the dense network in which every channel that the plan removes is exactly zero.

    Filters, biases, scales, shifts and running means of these channels are set to 0 in all producers. Where the plan
    was made by the 'zero' criterion with eps = 0, this is also the unmasked dense network, exactly, on the pictures
    that the statistics were recorded on; in general the removed activations are what differs.

    Raises:
        ValueError: the plan does not fit the model.
    """
    return _masked(model, plan, network_of(model, plan))


@torch.no_grad()
def _masked(model: nn.Module, plan: Plan, network: Network) -> nn.Module:
    masked = copy.deepcopy(model)
    for (name, side), positions in network.removed_positions(plan.removed).items():
        if side == "in":
            continue
        layer = masked.get_submodule(name)
        index = torch.from_numpy(positions)
        for part in ("weight", "bias", *NORM_BUFFERS[:1]):
            tensor = getattr(layer, part, None)
            if tensor is not None:
                tensor.index_fill_(channel_axis(layer, "out") if part == "weight" else 0, index.to(tensor.device), 0)
    return masked


def verify(model: nn.Module, plan: Plan, pruned: nn.Module, example: Example) -> float:
    """Check that the pruned network computes what the masked dense network computes.

    Both run in evaluation mode and float64, on the example and on random inputs of its shapes. Every layer is compared
    (its last run, if it runs several times), not only the outputs, which biases can dominate. Differences to expect are
    those of adding up in another order. With the 'zero' criterion and eps = 0 the masked network is the dense network
    itself on the recorded pictures, so the removal is lossless on them.

    Args:
        model: the dense network.
        plan: the plan that was applied.
        pruned: the result of `pruning.apply`.
        example: what the forward takes.

    Returns:
        The largest absolute difference between the outputs.

    Raises:
        ValueError: a layer or an output differs; the message names the first layer that does.
    """
    inputs = as_inputs(example)
    network = network_of(model, plan, inputs)
    masked = _masked(model, plan, network).double().eval()
    small = copy.deepcopy(pruned).double().eval()
    return max(_difference(network, plan, masked, small, trial) for trial in _trials(inputs))


def _trials(inputs: Sequence[Tensor]) -> list[tuple[Tensor, ...]]:
    generator = torch.Generator().manual_seed(0)
    doubles = tuple(x.double() for x in inputs)
    return [doubles] + [
        tuple(torch.randn(x.shape, generator=generator, dtype=x.dtype).to(x.device) for x in doubles)
        for _ in range(RANDOM_INPUTS)
    ]


def _difference(network: Network, plan: Plan, masked: nn.Module, small: nn.Module, inputs: tuple[Tensor, ...]) -> float:
    expected, expected_layers = _run(masked, inputs, network)
    try:
        found, found_layers = _run(small, inputs, network)
    except Exception as error:
        raise ValueError(f"the pruned network does not run: {type(error).__name__}: {error}") from error
    cut = network.removed_positions(plan.removed)
    for name, dense in expected_layers.items():
        axis = -1 if isinstance(masked.get_submodule(name), nn.Linear) else 1
        removed = cut.get((name, "out"), np.empty(0, dtype=np.int64))
        kept = torch.from_numpy(np.setdiff1d(np.arange(dense.shape[axis]), removed)).to(dense.device)
        if not _agree(dense.index_select(axis, kept), found_layers[name]):
            raise ValueError(f"the pruned network is not the masked one: {name} is the first layer that differs")
    pairs = list(zip(expected, found, strict=True))
    if not all(_agree(a, b) for a, b in pairs):
        raise ValueError("the pruned network is not the masked one: the outputs differ though every layer agrees")
    return max(float((a - b).abs().max()) for a, b in pairs)


def _agree(a: Tensor, b: Tensor) -> bool:
    if a.shape != b.shape:
        return False
    return float((a - b).abs().max()) <= TOLERANCE * float(a.abs().max()) + NOISE


@torch.no_grad()
def _run(model: nn.Module, inputs: tuple[Tensor, ...], network: Network) -> tuple[list[Tensor], dict[str, Tensor]]:
    """Outputs of the model, and of its layers' last runs by name, in the dense network's execution order."""
    seen: dict[str, Tensor] = {}
    hooks = [
        # The ReLU behind may work in place on the very tensor that the hook is handed.
        model.get_submodule(name).register_forward_hook(lambda _, __, out, name=name: seen.update({name: out.clone()}))
        for name in network.layers
    ]
    try:
        outputs = list(tensors(model(*inputs)))
    finally:
        for hook in hooks:
            hook.remove()
    return outputs, {name: seen[name] for name in network.layers if name in seen}
