"""Whether a smaller network computes what the large one computes for the readers of its remaining channels."""

import copy
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from pruning.layers import is_per_channel, place_of_channels, silence_inputs
from pruning.modes import seeded
from pruning.recording import Inputs, tensors
from pruning.structure import Channels, Network

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
    """A copy of the dense network in which nothing reads these channels: the weights that would are zero."""
    masked = copy.deepcopy(model)
    for (name, side), positions in network.removed_positions(removed).items():
        layer = masked.get_submodule(name)
        if side == "in" and not is_per_channel(layer):
            silence_inputs(layer, positions)
    for (name, axis), positions in network.removed_elsewhere(removed).items():
        tensor = _tensor(masked, name)
        if sum(size > 1 for size in tensor.shape) > 1 and tensor.is_floating_point():
            tensor.index_fill_(axis, torch.from_numpy(positions).to(tensor.device), 0)
    return masked


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


@dataclass(frozen=True)
class Answer:
    """What one run gave.

    Attributes:
        outputs: all tensors in the model's answer.
        layers: what each layer gave in its last run, in the order of the dense network's layers.
        axes: which axis of that holds the layer's channels.
        dtypes: floating-point types that took part.
    """

    outputs: list[Tensor]
    layers: dict[str, Tensor]
    axes: dict[str, int]
    dtypes: set[torch.dtype]


@torch.no_grad()
def answer(model: nn.Module, inputs: Inputs, network: Network) -> Answer:
    """Run a model and keep what its layers give."""
    seen: dict[str, Tensor] = {}

    def keep(name: str) -> Any:
        # The ReLU behind may work in place on the very tensor that the hook is handed.
        return lambda _, __, out: seen.update({name: out.clone()}) if isinstance(out, Tensor) else None

    own = inputs.map(torch.clone)
    with ExitStack() as stack:
        for name in network.layers:
            stack.callback(model.get_submodule(name).register_forward_hook(keep(name)).remove)
        stack.enter_context(seeded())
        watch = stack.enter_context(Watch())
        outputs = list(tensors(own.run(model)))
    layers = {name: seen[name] for name in network.layers if name in seen}
    axes = {name: place_of_channels(model.get_submodule(name), out) for name, out in layers.items()}
    return Answer(outputs, layers, axes, watch.dtypes)


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

    def expected(self, inputs: Inputs) -> Answer:
        """What the dense network answers; without float64 from here on if it fails in that."""
        if self.double:
            try:
                return answer(self.pair[0], as_double(inputs), self.network)
            except Exception:
                self.double = False
                self._turn(torch.float32)
        return answer(self.pair[0], inputs, self.network)

    def difference(self, inputs: Inputs, expected: Answer) -> float:
        """The largest absolute difference between the outputs.

        Raises:
            ValueError: the smaller network does not run, or a layer or an output differs.
        """
        try:
            found = answer(self.pair[1], as_double(inputs) if self.double else inputs, self.network)
        except Exception as error:
            raise ValueError(f"the pruned network does not run: {type(error).__name__}: {error}") from error
        return difference(self.network, self.removed, expected, found)

    def _turn(self, dtype: torch.dtype) -> None:
        for model in self.pair:
            model.to(dtype)


def is_costly(network: Network) -> bool:
    """Whether a run takes so long that it is made in the model's own type and no more often than needed."""
    return network.totals({})["macs"] > COSTLY


def difference(network: Network, removed: Mapping[str, Channels], dense: Answer, small: Answer) -> float:
    """The largest absolute difference between the outputs.

    Raises:
        DifferenceError: a layer or an output differs; the message names the first layer that does.
    """
    tolerance = max(TOLERANCES.get(dtype, 1e-1) for dtype in dense.dtypes | small.dtypes)
    cut = network.removed_positions(removed)
    for name, values in dense.layers.items():
        axis = dense.axes[name]
        if values.shape[axis] != network.layers[name].out:
            continue  # a PReLU with one parameter, which has no channels of its own
        gone = cut.get((name, "out"), np.empty(0, dtype=np.int64))
        kept = torch.from_numpy(np.setdiff1d(np.arange(values.shape[axis]), gone)).to(values.device)
        if name not in small.layers or not _agree(values.index_select(axis, kept), small.layers[name], tolerance):
            raise DifferenceError(f"the pruned network is not the masked one: {name} is the first layer that differs")
    if len(dense.outputs) != len(small.outputs) or not all(
        _agree(a, b, tolerance) for a, b in zip(dense.outputs, small.outputs, strict=True)
    ):
        raise DifferenceError("the pruned network is not the masked one: the outputs differ though every layer agrees")
    pairs = zip(dense.outputs, small.outputs, strict=True)
    return max((float((a.double() - b.double()).abs().nan_to_num(0).max()) for a, b in pairs if a.numel()), default=0.0)


def _agree(a: Tensor, b: Tensor, tolerance: float) -> bool:
    """Equal but for rounding; what is no number in one is none in the other."""
    if a.shape != b.shape:
        return False
    if not a.is_floating_point() or not a.numel():
        return bool(torch.equal(a, b))
    finite = a.isfinite()
    if not torch.equal(finite, b.isfinite()):
        return False
    a, b = a.where(finite, 0), b.where(finite, 0)
    return float((a - b).abs().max()) <= tolerance * float(a.abs().max()) + NOISE
