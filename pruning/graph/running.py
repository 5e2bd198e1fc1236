"""One followed run of a network: the labels of every layer's sides, where each is applied, and what comes out."""

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from pruning.graph.cutting import all_tensors
from pruning.graph.following import Follower
from pruning.graph.layers import LAYERS, Conv, Side, place_of_channels
from pruning.graph.shadows import Axes, Labels, Node
from pruning.modes import seeded
from pruning.recording import Inputs, tensors

LARGER = (1, 2, 4)
"""Times the side of the example, at which the model is tried to be trained."""


@dataclass
class Run:
    """What a followed run shows.

    Attributes:
        model: the copy that ran.
        follower: with the atoms of everything.
        names: of the layers, in the model's order.
        positions: for every layer that ran in evaluation mode, in the order of its first run: places per picture at
            which its weights are applied (of a transposed convolution: places of its input).
        sides: labels of each side of every layer that ran.
        nodes: the first run of each layer.
        across: labels of the other axes of what each layer gave in its last run.
        parameters: labels of every parameter and buffer, by its first name.
    """

    model: nn.Module
    follower: Follower
    names: dict[nn.Module, str]
    positions: dict[nn.Module, int] = field(default_factory=dict)
    sides: dict[tuple[str, Side], Labels] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    across: dict[str, dict[int, Labels]] = field(default_factory=dict)
    parameters: dict[str, Axes] = field(default_factory=dict)


def run(model: nn.Module, inputs: Inputs, choices: tuple[int, ...] = ()) -> Run:
    """Follow a copy of the model on the inputs: in evaluation mode, and where layers idle in it, while training too.

    Raises:
        ValueError: the model cannot be copied, or does not run on the inputs.
    """
    traced = duplicate(model).eval()
    names: dict[nn.Module, str] = {m: name for name, m in traced.named_modules() if isinstance(m, LAYERS)}
    found = Run(traced, Follower(choices), names)
    owned = all_tensors(traced)
    for tensor in owned.values():
        found.follower.shadows.learn(tensor)
    found.parameters = {name: found.follower.shadows[tensor].axes for name, tensor in owned.items()}
    with _plain_attention(), seeded(), torch.no_grad():
        _pass(traced, inputs, found, counts=True)
        if len(found.positions) < len(names):
            _training_pass(traced, inputs, found)
    return found


def duplicate(model: nn.Module) -> nn.Module:
    """A deep copy.

    Raises:
        ValueError: the model cannot be copied, with the way past that is known.
    """
    if isinstance(model, torch.jit.ScriptModule):
        raise ValueError("the model is a TorchScript module, whose layers cannot be cut; prune it before torch.jit")
    for name, tensor in all_tensors(model).items():
        if is_lazy(tensor) or tensor.is_meta:
            how = "run the model once" if is_lazy(tensor) else "load the weights (model.to_empty and load_state_dict)"
            raise ValueError(f"{name} has no values yet: {how} before pruning")
    for name, module in model.named_modules():
        if any(hasattr(hook, "tensor_name") or hasattr(hook, "_tensor_name") for hook in _hooks(module)):
            raise ValueError(
                f"{name or 'the model'} keeps a mask of torch.nn.utils.prune: call torch.nn.utils.prune.remove(module, "
                "'weight') for each such layer first"
            )
        if "weight_g" in module._parameters and "weight" not in module._parameters:
            raise ValueError(
                f"{name} computes its weight, by weight normalisation: call torch.nn.utils.remove_weight_norm on it "
                "first"
            )
    try:
        return copy.deepcopy(model)
    except Exception as error:
        raise ValueError(
            f"the model cannot be copied: {type(error).__name__}: {error}; take out what cannot be copied (locks, open "
            "files, tensors that are no parameters) before pruning"
        ) from error


def _hooks(module: nn.Module) -> list[Any]:
    from torch.nn.utils.prune import BasePruningMethod

    return [hook for hook in module._forward_pre_hooks.values() if isinstance(hook, BasePruningMethod)]


@contextmanager
def _plain_attention() -> Iterator[None]:
    """Without the fused kernels, which hide the layers in them."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


def _pass(model: nn.Module, inputs: Inputs, found: Run, *, counts: bool) -> None:
    follower, batch = found.follower, inputs.batch()
    # Copies: the forward may write into its input, and an input may be a parameter or come twice.
    own = inputs.map(lambda x: x.detach().clone())
    for tensor in own.tensors():
        follower.shadows.enter(tensor)

    def note(module: nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any], out: Any) -> None:
        _note(found, module, next(iter([*args, *kwargs.values()]), None), out, batch if counts else None)

    handles = [layer.register_forward_hook(note, with_kwargs=True) for layer in found.names]
    try:
        with follower.watching(model), follower:
            outputs = list(tensors(own.run(model)))
    except ValueError as error:
        raise ValueError(f"the model does not run on the example: {error}") from error
    except Exception as error:
        raise ValueError(f"the model does not run on the example: {type(error).__name__}: {error}") from error
    finally:
        for handle in handles:
            handle.remove()
        follower.stack.clear()
    for tensor in outputs:
        follower.shadows.leave(tensor)
    if counts and not found.positions:
        raise ValueError("the model runs no layer on the example: no convolution, linear layer or normalisation")


def _note(found: Run, module: nn.Module, given: Any, out: Any, batch: int | None) -> None:
    if not isinstance(given, Tensor) or not isinstance(out, Tensor):
        return
    name, shadows = found.names[module], found.follower.shadows
    into, made = place_of_channels(module, given), place_of_channels(module, out)
    for side, labels in (("in", shadows[given].axes[into]), ("out", shadows[out].axes[made])):
        if found.sides.setdefault((name, side), labels) is not None and labels is not None:  # type: ignore[arg-type]
            shadows.same([found.sides[name, side], labels])  # type: ignore[index]
    if batch is not None:
        found.across[name] = {axis: labels for axis, labels in enumerate(shadows[out].axes) if axis != made}
        moving = given if isinstance(module, Conv) and module.transposed else out
        axis = into if moving is given else made
        found.positions[module] = found.positions.get(module, 0) + moving.numel() // (batch * moving.shape[axis])
    found.follower.layer_ran(module, given, out)
    found.nodes.setdefault(name, shadows[out].node)  # type: ignore[arg-type]


def _training_pass(model: nn.Module, inputs: Inputs, found: Run) -> None:
    """Layers that run while training only (auxiliary heads) read channels too."""
    usable = training_inputs(model, inputs)
    if usable is None:
        return  # it cannot be trained as it is (a detector without targets): the layers that idle are named
    state = {name: buffer.clone() for name, buffer in model.named_buffers()}
    model.train()
    try:
        _pass(model, usable, found, counts=False)
    finally:
        model.eval()
        for name, buffer in model.named_buffers():
            buffer.copy_(state[name])


@torch.no_grad()
def training_inputs(model: nn.Module, inputs: Inputs) -> Inputs | None:
    """What the model can be trained on: two pictures for its normalisation, larger ones where its heads need that.

    None where it cannot be trained on any.
    """
    doubled = inputs.map(lambda x: torch.cat([x, x]) if x.ndim > 1 else x)
    for factor in LARGER if any(x.ndim == 4 for x in inputs.tensors()) else LARGER[:1]:
        larger = doubled.map(lambda x: x.repeat(1, 1, factor, factor) if x.ndim == 4 else x)  # noqa: B023
        try:
            with seeded():
                larger.map(torch.clone).run(duplicate(model).train())
        except Exception:
            continue
        return larger
    return None
