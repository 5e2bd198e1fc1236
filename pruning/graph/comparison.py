"""Whether a smaller network computes what the large one computes for the readers of its remaining channels."""

import copy
import math
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from pruning.graph.layers import MIXING, is_per_channel, place_of_channels, silence_inputs, slice_layer, width
from pruning.graph.structure import Channels, Network
from pruning.modes import seeded
from pruning.recording import Inputs, tensors

TOLERANCES = {torch.float64: 1e-9, torch.float32: 1e-4, torch.float16: 3e-2, torch.bfloat16: 1e-1}
"""Largest accepted difference, relative to the largest value of the tensor, by the least precise type that took part;
rounding in float64 stays near 1e-14."""
NOISE = 1e-15
"""Differences below this are rounding of values near one that cancel, whatever is left of those values."""
DRAWS = "rand randn randint rand_like randn_like randint_like normal uniform exponential bernoulli random log_normal"
COSTLY = 20e9
"""Multiply-accumulates of a picture, above which float64 would take minutes."""


class DifferenceError(ValueError):
    """Both networks run, and compute something else."""


@torch.no_grad()
def unread(model: nn.Module, network: Network, removed: Mapping[str, Channels]) -> nn.Module:
    """A copy of the dense network in which nothing reads these channels: the weights that would are zero.

    Group and layer normalisation is over the remaining channels, as it will be without the others.
    """
    masked = copy.deepcopy(model)
    for (name, side), positions in network.removed_positions(removed).items():
        layer = masked.get_submodule(name)
        if side == "in" and not is_per_channel(layer):
            silence_inputs(layer, positions)
        if isinstance(layer, MIXING):
            _renormalise(layer, np.setdiff1d(np.arange(width(layer, "out")), positions))
    for (name, axis), positions in network.removed_elsewhere(removed).items():
        tensor = _tensor(masked, name)
        if sum(size > 1 for size in tensor.shape) > 1 and tensor.is_floating_point():
            tensor.index_fill_(axis, torch.from_numpy(positions).to(tensor.device), 0)
    return masked


def _renormalise(layer: nn.Module, kept: np.ndarray) -> None:
    """Let a normalisation over channels take these channels for all there are; the others come out as before."""

    def over_kept(module: nn.Module, args: tuple[Tensor, ...], out: Tensor) -> Tensor:
        small, axis = copy.deepcopy(module), place_of_channels(module, out)
        slice_layer(small, "out", kept.tolist())
        index = torch.from_numpy(kept).to(out.device)
        return out.index_copy(axis, index, small.forward(args[0].index_select(axis, index)))

    layer.register_forward_hook(over_kept)


def _tensor(model: nn.Module, name: str) -> Tensor:
    owner, _, part = name.rpartition(".")
    return getattr(model.get_submodule(owner), part)  # type: ignore[no-any-return]


class Watch(TorchDispatchMode):
    """Random numbers of every shape are alike, so that fewer channels get the same; notes the least precise type."""

    def __init__(self) -> None:
        super().__init__()
        self.dtypes: set[torch.dtype] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if not isinstance(out, Tensor):
            return out
        if out.is_floating_point():
            self.dtypes.add(out.dtype)
        name = func._schema.name.split("::")[1].rstrip("_")
        return out.fill_(1) if name in DRAWS.split() and out.numel() else out


@torch.no_grad()
def answer(
    model: nn.Module, inputs: Inputs, network: Network, note: Callable[[str, Tensor], None]
) -> tuple[list[Tensor], set[torch.dtype]]:
    """All tensors in the model's answer, and the floating-point types that took part.

    Args:
        model: in evaluation mode; run with the same random numbers every time.
        inputs: left as they are.
        network: the model's, dense or not.
        note: called with the name and the output of every layer, whenever it runs.
    """

    def tell(name: str) -> Any:
        return lambda _, __, out: note(name, out) if isinstance(out, Tensor) else None

    own = inputs.map(torch.clone)
    with ExitStack() as stack:
        for name in network.layers:
            stack.callback(model.get_submodule(name).register_forward_hook(tell(name)).remove)
        stack.enter_context(seeded())
        watch = stack.enter_context(Watch())
        outputs = list(tensors(own.run(model)))
    return outputs, watch.dtypes


@dataclass
class Expected:
    """What one run of the dense network gave.

    Attributes:
        outputs: all tensors in the answer.
        dtypes: floating-point types that took part.
        layers: the remaining channels of what each layer gave in its last run.
        runs: how often each of these ran.
    """

    outputs: list[Tensor] = field(default_factory=list)
    dtypes: set[torch.dtype] = field(default_factory=set)
    layers: dict[str, Tensor] = field(default_factory=dict)
    runs: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Gap:
    """How far two tensors are apart: the largest difference, and the largest value; infinite for other shapes."""

    difference: float
    scale: float

    def within(self, tolerance: float) -> bool:
        """Whether that is rounding."""
        return self.difference <= tolerance * self.scale + NOISE


def as_double(inputs: Inputs) -> Inputs:
    """The same with floating-point tensors in float64."""
    return inputs.map(lambda x: x.double() if x.is_floating_point() else x)


class Comparison:
    """A dense network that does not read some channels, beside the network without them.

    Args:
        network, removed: what was cut.
        masked, small: both networks, in evaluation mode; they are turned into float64 and not turned back.
        precise: compare in float64 if the forward allows it, otherwise in the model's own type.
    """

    def __init__(
        self, network: Network, removed: Mapping[str, Channels], masked: nn.Module, small: nn.Module, precise: bool
    ) -> None:
        self.network, self.removed, self.pair = network, removed, (masked, small)
        single = {p.dtype for p in masked.parameters() if p.is_floating_point()} == {torch.float32}
        self.double = precise and single
        if self.double:
            self._turn(torch.float64)

    def expected(self, inputs: Inputs) -> Expected:
        """What the dense network answers; without float64 from here on if it fails in that."""
        if self.double:
            try:
                return self._expected(as_double(inputs))
            except Exception:
                self.double = False
                self._turn(torch.float32)
        return self._expected(inputs)

    def _expected(self, inputs: Inputs) -> Expected:
        found, own = Expected(), self.network.removed_positions(self.removed)
        beside: dict[str, list[tuple[int, np.ndarray]]] = {}
        for (name, axis), gone in self.network.removed_across(self.removed).items():
            beside.setdefault(name, []).append((axis, gone))

        def keep(name: str, out: Tensor) -> None:
            axis = place_of_channels(self.pair[0].get_submodule(name), out)
            if out.shape[axis] != self.network.layers[name].out:
                return  # a PReLU with one parameter, which has no channels of its own
            # A copy in any case: the ReLU behind may work in place on the very tensor that the hook is handed.
            kept = _without(out, axis, own.get((name, "out"), np.empty(0, dtype=np.int64)))
            for other, gone in beside.get(name, ()):
                kept = _without(kept, other, gone)
            found.layers[name] = kept
            found.runs[name] += 1

        found.outputs, found.dtypes = answer(self.pair[0], inputs, self.network, keep)
        return found

    def difference(self, inputs: Inputs, expected: Expected) -> float:
        """The largest absolute difference between the outputs.

        Raises:
            ValueError: the smaller network does not run.
            DifferenceError: a layer or an output differs; the message names the first layer that does.
        """
        gaps: dict[str, Gap] = {}
        runs: Counter[str] = Counter()

        def compare(name: str, out: Tensor) -> None:
            runs[name] += 1
            if runs[name] == expected.runs[name]:
                gaps[name] = gap(expected.layers[name], out)

        try:
            given = as_double(inputs) if self.double else inputs
            outputs, dtypes = answer(self.pair[1], given, self.network, compare)
        except Exception as error:
            raise ValueError(f"the pruned network does not run: {type(error).__name__}: {error}") from error
        tolerance = max(TOLERANCES.get(dtype, 1e-1) for dtype in expected.dtypes | dtypes)
        for name in expected.layers:
            if name not in gaps or not gaps[name].within(tolerance):
                raise DifferenceError(
                    f"the pruned network is not the masked one: {name} is the first layer that differs"
                )
        return _between_outputs(expected.outputs, outputs, tolerance)

    def _turn(self, dtype: torch.dtype) -> None:
        for model in self.pair:
            model.to(dtype)


def _without(tensor: Tensor, axis: int, positions: np.ndarray) -> Tensor:
    """A copy without these positions of an axis."""
    kept = np.setdiff1d(np.arange(tensor.shape[axis]), positions)
    return tensor.index_select(axis, torch.from_numpy(kept).to(tensor.device))


def is_costly(network: Network) -> bool:
    """Whether a run takes so long that it is made in the model's own type and no more often than needed."""
    return network.dense["macs"] > COSTLY


def _between_outputs(dense: list[Tensor], small: list[Tensor], tolerance: float) -> float:
    gaps = [gap(a, b) for a, b in zip(dense, small, strict=False)]
    if len(dense) != len(small) or not all(some.within(tolerance) for some in gaps):
        raise DifferenceError("the pruned network is not the masked one: the outputs differ though every layer agrees")
    return max((some.difference for some in gaps), default=0.0)


def gap(a: Tensor, b: Tensor) -> Gap:
    """How far apart; what is no number in one must be none in the other."""
    if a.shape != b.shape:
        return Gap(math.inf, 1)
    if not a.numel():
        return Gap(0, 0)
    if not a.is_floating_point():
        return Gap(0, 0) if torch.equal(a, b) else Gap(math.inf, 1)
    found = Gap(float((a - b).abs_().max()), float(a.abs().max()))
    if math.isfinite(found.difference):
        return found
    finite = a.isfinite()
    if not torch.equal(finite, b.isfinite()):
        return Gap(math.inf, 1)
    return gap(a.where(finite, 0), b.where(finite, 0))
