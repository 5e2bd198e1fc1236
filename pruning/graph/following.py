"""Follows a network while it runs: every operation of ATen passes here, and its rule says what becomes of channels."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from pruning.graph import rules_layers, rules_parts, rules_values, rules_views  # noqa: F401  (they fill the table)
from pruning.graph.layers import LAYERS, MIXING
from pruning.graph.operation import RULES, Operation, Rule, empty, flat, unknown
from pruning.graph.rules_values import pointwise
from pruning.graph.shadows import Axes, Node, Shadow, Shadows

SIZES = ("head_dim", "head_size", "attention_head_size", "dim_head")
"""What libraries call the channels of a head."""


class Follower(TorchDispatchMode):
    """Keeps the shadow of every tensor while it is active.

    Args:
        choices: for the first, second, ... view that splits an axis of channels: which of its axes shrinks, counted
            among those that could; by default the longest that is no size of a head.
    """

    def __init__(self, choices: Sequence[int] = ()) -> None:
        super().__init__()
        self.shadows = Shadows()
        self.choices = choices
        self.sites: list[np.ndarray] = []
        self.stack: list[tuple[str, nn.Module]] = []
        self.attributes: dict[str, np.ndarray] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None) -> Any:
        kwargs = kwargs or {}
        given = flat([*args, *kwargs.values()])
        before = {id(t): self.shadows[t] for t in given}
        result = func(*args, **kwargs)
        self._follow(func, args, kwargs, result, given, before)
        return result

    @contextmanager
    def watching(self, model: nn.Module) -> Iterator[None]:
        """Know at every operation which module of the model runs it."""
        handles = []

        def enter(name: str) -> Callable[[nn.Module, Any, Any], None]:
            return lambda module, args, kwargs: self.stack.append((name, module))

        def leave(*_: Any) -> None:
            self.stack.pop()

        for name, module in model.named_modules():
            handles.append(module.register_forward_pre_hook(enter(name), with_kwargs=True, prepend=True))
            handles.append(module.register_forward_hook(leave, with_kwargs=True, always_call=True))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def layer_ran(self, layer: nn.Module, given: Tensor | None, out: Tensor) -> None:
        """Take all operations since `given` as one: the layer."""
        node = Node("layer", layer, [self.shadows[given].node if given is not None else None])
        known = self.shadows[out]
        self.shadows[out] = Shadow(known.axes, known.learned, node)

    def _follow(
        self, func: Any, args: Any, kwargs: dict[str, Any], result: Any, given: list[Tensor], before: dict[int, Shadow]
    ) -> None:
        results = flat(result if isinstance(result, (Tensor, list, tuple)) else [])
        schema = func._schema
        name = schema.name.split("::")[1]
        writes = [i for i, a in enumerate(schema.arguments) if a.alias_info is not None and a.alias_info.is_write]
        in_place = bool(writes) and writes[0] == 0 and bool(results)
        if not results:
            return
        arguments = {a.name: a.default_value for a in schema.arguments if a.has_default_value()}
        arguments |= dict(zip((a.name for a in schema.arguments), args, strict=False)) | kwargs
        base = name[:-1] if in_place and name.endswith("_") and not name.startswith("__") else name
        op = Operation(base, arguments, result, self.shadows, before, self._where(), self._choose, self._inside(MIXING))
        axes = self._ruled(func, op)(op)
        each = axes if isinstance(axes, list) else [axes] * len(results)
        known = [before[id(t)] for t in given]
        learned = bool(given) and all(shadow.learned for shadow in known)
        node = Node(
            base, None, [shadow.node for shadow in known], numbers=_numbers(arguments), inner=self._inside(LAYERS)
        )
        for tensor, some in zip(results, each, strict=False):
            kept = some if len(some) == tensor.ndim else empty(tensor.shape)
            if in_place and tensor is args[0]:
                kept = self._written(before[id(tensor)].axes, kept)
            self.shadows[tensor] = Shadow(kept, learned, node)
            self._match(kept)

    def _match(self, axes: Axes) -> None:
        """Note the numbers of the running module that are as large as one of these axes of channels."""
        name, module = self.stack[-1] if self.stack else ("", None)
        if module is None or isinstance(module, LAYERS):
            return
        numbers = {attribute: value for attribute, value in vars(module).items() if type(value) is int and value > 1}
        for labels in axes:
            for attribute, value in numbers.items():
                if labels is not None and value == len(labels):
                    self.attributes.setdefault(f"{name}.{attribute}".lstrip("."), labels)

    def _ruled(self, func: Any, op: Operation) -> Rule:
        found = RULES.get(op.name)
        if found is None and torch.Tag.pointwise in func.tags:
            return pointwise
        if found is None and not any(labels is not None for t in op.operands() for labels in op.shadow(t).axes):
            return lambda op: ()
        return unknown if found is None else found

    def _written(self, old: Axes, new: Axes) -> Axes:
        """What is written in place takes the place of what was there, which must not be wider."""
        return tuple(self.shadows.same([a, b]) for a, b in zip(old, new, strict=True))

    def _where(self) -> str:
        named = [(name, module) for name, module in self.stack if name]
        return f"in {named[-1][0]} ({type(named[-1][1]).__name__})" if named else "in the network's own forward"

    def _inside(self, kinds: tuple[type[nn.Module], ...]) -> bool:
        return any(isinstance(module, kinds) for _, module in self.stack)

    def _choose(self, block: np.ndarray, axes: list[int]) -> int:
        site, sizes = len(self.sites), self._sizes_of_heads()
        order = sorted(axes, key=lambda k: (block.shape[k] in sizes, -block.shape[k]))
        self.sites.append(block)
        return order[self.choices[site] % len(axes) if site < len(self.choices) else 0]

    def _sizes_of_heads(self) -> set[int]:
        """Numbers by which a module of attention divides its channels, of which it loses whole heads."""
        module = self.stack[-1][1] if self.stack else None
        return {value for name, value in vars(module).items() if name in SIZES and type(value) is int}


def _numbers(arguments: dict[str, Any]) -> dict[str, object]:
    return {k: v for k, v in arguments.items() if isinstance(v, (bool, int, float))}
