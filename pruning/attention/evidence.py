"""Gates as evidence for criterion 'attention': which layer makes the channels that a gate multiplies."""

import copy
import warnings
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from pruning.attention.statistics import gate_modules, record_gates
from pruning.criteria.evidence import Evidence
from pruning.graph.layers import Conv, Norm, width
from pruning.recording import Example, as_inputs

MAKERS = (Conv, Norm, nn.Linear)


def gate_evidence(
    model: nn.Module,
    example: Example,
    batches: Iterable[tuple[Example, Tensor]],
    *,
    progress: Callable[[int], None] | None = None,
) -> Evidence:
    """What criterion 'attention' judges by: the mean gate of every gated channel, each class counting the same.

    Gates that read their neighbours (ECA) cannot be pruned with the network: `remove_gates` folds them into the next
    layers, and the evidence of the network with gates serves the plain one.

    Args:
        model: with gates, of `pruning.attention` or torchvision's; it stays as it is.
        example: what the forward takes.
        batches: (what the forward takes, (N,) integer labels from 0); all labels 0 where there are no classes.
        progress: called after each batch with the number of samples seen.

    Raises:
        ValueError: as `record_gates`, or a model that does not run on the example.
    """
    makers = gated_layers(model, example)
    found: dict[str, list[Tensor]] = {}
    for gate, statistics in record_gates(model, batches, progress=progress).items():
        if gate in makers:
            found.setdefault(makers[gate], []).append(statistics.balanced_mean)
    return Evidence(gates={layer: torch.stack(means).mean(0) for layer, means in found.items()})


def gated_layers(model: nn.Module, example: Example) -> dict[str, str]:
    """{gate: the layer nearest before it}, both by the name of their module.

    Warns about gates whose channels are not those of one layer (behind a concatenation, say) and leaves them out.

    Raises:
        ValueError: no gates, or a model that does not run on the example.
    """
    traced = copy.deepcopy(model).eval().requires_grad_(True)
    inputs: dict[str, Tensor] = {}

    def keep(name: str) -> Callable[[nn.Module, tuple[Any, ...]], None]:
        return lambda module, args: inputs.update({name: args[0]})

    for name in gate_modules(traced):
        traced.get_submodule(name).register_forward_pre_hook(keep(name))
    layers: dict[nn.Module, str] = {m: name for name, m in traced.named_modules() if isinstance(m, MAKERS)}
    results: list[tuple[nn.Module, Tensor]] = []  # tensors, since only they keep their autograd function alive
    for layer in layers:
        layer.register_forward_hook(lambda module, args, out: results.append((module, out)))
    try:
        with torch.enable_grad():
            as_inputs(example).run(traced)
    except Exception as error:
        raise ValueError(f"the model does not run on the example: {type(error).__name__}: {error}") from error
    made = {out.grad_fn: module for module, out in results}
    found = {name: _nearest(x.grad_fn, made) for name, x in inputs.items()}
    alike = {name: m for name, m in found.items() if m is not None and width(m, "out") == inputs[name].shape[1]}
    if left_out := sorted(set(inputs) - set(alike)):
        warnings.warn(f"{', '.join(left_out)}: gates whose channels are not those of one layer", stacklevel=3)
    return {name: layers[module] for name, module in alike.items()}


def _nearest(function: Any, made: dict[Any, nn.Module]) -> nn.Module | None:
    """The layer that is fewest operations before the result of this autograd function; None behind a concatenation."""
    waiting = deque([function])
    while waiting:
        function = waiting.popleft()
        if function in made:
            return made[function]
        if function is None or function.name().startswith("Cat"):
            continue
        waiting.extend(before for before, _ in function.next_functions)
    return None
