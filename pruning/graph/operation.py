"""One operation as the rules see it, and the table of rules by the operation's name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pruning.graph.shadows import Axes, Labels, Shadow, Shadows


@dataclass(frozen=True)
class Operation:
    """A running operation of ATen.

    Attributes:
        name: without namespace, overload and the underscore of in-place ones.
        arguments: by the schema's names, with defaults.
        result: what it gave: a tensor, or a sequence of them.
        shadows: of all tensors, those of the arguments as they were before.
        where: the layer or block that runs it, for reasons.
        choose: see `reshaped`.
        normalises: it runs inside a layer that normalises over channels.
    """

    name: str
    arguments: dict[str, Any]
    result: Any
    shadows: Shadows
    before: dict[int, Shadow]
    where: str
    choose: Callable[[np.ndarray, list[int]], int]
    normalises: bool = False

    def __getitem__(self, argument: str) -> Any:
        return self.arguments.get(argument)

    @property
    def out(self) -> Tensor:
        """The first result."""
        return self.result if isinstance(self.result, Tensor) else self.result[0]

    def shadow(self, tensor: Tensor) -> Shadow:
        return self.before.get(id(tensor)) or self.shadows[tensor]

    def axes(self, argument: str) -> Axes:
        """Labels of the tensor given for an argument, () if there is none."""
        tensor = self.arguments.get(argument)
        return self.shadow(tensor).axes if isinstance(tensor, Tensor) else ()

    def operands(self) -> list[Tensor]:
        """All tensors among the arguments, also those in lists."""
        return list(flat(list(self.arguments.values())))

    def axis(self, argument: str, among: int) -> int:
        """An axis given as an argument, counted from the front."""
        return int(self.arguments[argument]) % max(among, 1)

    def refuse(self, labels: Sequence[Labels], what: str) -> None:
        """These channels cannot be removed, because of this."""
        self.shadows.fix(labels, f"{what} {self.where}")


def flat(value: Any) -> list[Tensor]:
    """The tensors in nested lists and tuples."""
    if isinstance(value, Tensor):
        return [value]
    return [t for part in value for t in flat(part)] if isinstance(value, (list, tuple)) else []


Rule = Callable[[Operation], "Axes | list[Axes]"]
"""The labels of the result's axes (of every tensor in it); joins and fixes atoms on the way."""

RULES: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Decorator: this is how these operations treat channels."""

    def add(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        return function

    return add


def unknown(op: Operation) -> Axes:
    """An operation without a rule takes its arguments as wide as they are."""
    for tensor in op.operands():
        op.refuse(op.shadow(tensor).axes, f"it meets {op.name}, which this library does not know,")
    return ()


def empty(shape: torch.Size | Sequence[int]) -> Axes:
    """The axes of a tensor without channels."""
    return (None,) * len(shape)
