"""What is known of every tensor while the network runs: the atoms on its axes, and which operation made it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.weak import WeakTensorKeyDictionary

from pruning.graph.atoms import Atoms

Labels = np.ndarray | None
"""The atom of each position on an axis; None for an axis on which no position is a channel (batch, height, width)."""
Axes = tuple[Labels, ...]


@dataclass(eq=False)
class Node:
    """One operation, or one run of a layer.

    Attributes:
        operation: name without namespace, 'layer', 'input' or 'parameter'.
        module: the layer, for 'layer'.
        inputs: what made its arguments; None for a constant.
        outputs: the operations that take its result.
        numbers: its arguments that are no tensors, by name.
        inner: it runs inside a layer.
    """

    operation: str
    module: nn.Module | None = None
    inputs: Sequence["Node | None"] = ()
    outputs: list["Node"] = field(default_factory=list)
    numbers: dict[str, object] = field(default_factory=dict)
    inner: bool = False

    def __post_init__(self) -> None:
        for before in self.inputs:
            if before is not None:
                before.outputs.append(self)


def is_constant(node: Node | None) -> bool:
    """Whether neither an input nor a parameter leads here."""
    waiting, seen = [node], {None}
    while waiting:
        if (some := waiting.pop()) in seen:
            continue
        if some.operation in ("layer", "input", "parameter"):  # type: ignore[union-attr]
            return False
        seen.add(some)  # type: ignore[arg-type]
        waiting += some.inputs  # type: ignore[union-attr]
    return True


@dataclass(frozen=True)
class Shadow:
    """What is known of one tensor.

    Attributes:
        axes: labels of each axis.
        learned: made from parameters and buffers alone.
        node: what made it, None for a constant.
    """

    axes: Axes
    learned: bool = False
    node: Node | None = None


class Shadows:
    """The shadow of every tensor that is alive, and the atoms on them."""

    def __init__(self) -> None:
        self.atoms = Atoms()
        self._known: WeakTensorKeyDictionary = WeakTensorKeyDictionary()

    def __getitem__(self, tensor: Tensor) -> Shadow:
        """A tensor that was never seen is a constant."""
        found = self._known.get(tensor)
        return Shadow((None,) * tensor.ndim) if found is None else found

    def __setitem__(self, tensor: Tensor, shadow: Shadow) -> None:
        self._known[tensor] = shadow

    def learn(self, tensor: Tensor) -> None:
        """Give a parameter or buffer an atom of its own at every position of every axis."""
        if tensor not in self._known:
            axes = tuple(self.atoms.new(size) for size in tensor.shape)
            self[tensor] = Shadow(axes, learned=True, node=Node("parameter"))

    def enter(self, tensor: Tensor) -> None:
        """An input of the network: its channels (axis 1, or the last) are fixed."""
        axes: list[Labels] = [None] * tensor.ndim
        for axis in {1, tensor.ndim - 1} if tensor.ndim > 1 else ():
            axes[axis] = self.atoms.new(tensor.shape[axis])
            self.atoms.silence(axes[axis])  # type: ignore[arg-type]
        self[tensor] = Shadow(tuple(axes), node=Node("input"))

    def leave(self, tensor: Tensor) -> None:
        """An output of the network: nothing of it is ever removed."""
        for labels in self[tensor].axes:
            if labels is not None:
                self.atoms.silence(labels)

    def fix(self, labels: Iterable[Labels], why: str | None) -> None:
        """Say that nothing on these axes is ever removed."""
        for some in labels:
            if some is not None:
                self.atoms.fix(some, why)

    def same(self, labels: Sequence[Labels]) -> Labels:
        """Axes of one length whose positions belong together, one by one; constants follow."""
        known = [some for some in labels if some is not None]
        for other in known[1:]:
            self.atoms.join(known[0], other)
        return known[0] if known else None

    def broadcast(self, shapes: Sequence[torch.Size], axes: Sequence[Axes], shape: torch.Size) -> Axes:
        """The axes of what comes out where tensors are combined element by element.

        Args:
            shapes, axes: of the operands.
            shape: of the result.
        """
        found: list[Labels] = []
        for place in range(1, len(shape) + 1):
            pairs = [(s[-place], a[-place]) for s, a in zip(shapes, axes, strict=True) if len(s) >= place]
            size = shape[-place]
            self.fix([labels for length, labels in pairs if length != size], None)  # one position for all: it stays
            found.insert(0, self.same([labels for length, labels in pairs if length == size]))
        return tuple(found)
