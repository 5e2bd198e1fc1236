"""What a network is given and what it gives: inputs of any structure, and the tensors in any output."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import torch
from torch import Tensor, nn

Example = Any
"""What a forward takes: a tensor, a tuple or list of arguments (tensors, numbers, None, lists and dicts of them), or a
dict of named arguments."""
PLAIN = (bool, int, float, str, type(None))


@dataclass(frozen=True)
class Inputs:
    """The arguments of one forward."""

    args: tuple[Any, ...] = ()
    named: Mapping[str, Any] = field(default_factory=dict)

    def run(self, model: nn.Module) -> Any:
        """The model's answer."""
        return model(*self.args, **self.named)

    def tensors(self) -> list[Tensor]:
        """All tensors in the arguments."""
        return list(tensors([self.args, self.named]))

    def map(self, function: Callable[[Tensor], Tensor]) -> "Inputs":
        """The same arguments with another tensor in the place of each."""
        return Inputs(_mapped(self.args, function), _mapped(dict(self.named), function))

    def shapes(self) -> list[list[int]]:
        """Shape of each argument if all of them are float tensors, else [] (they cannot be made from shapes)."""
        plain = not self.named and all(isinstance(x, Tensor) and x.is_floating_point() for x in self.args)
        return [list(x.shape) for x in self.args] if plain else []

    def batch(self) -> int:
        """How many pictures there are."""
        first = next(iter([*self.args, *self.named.values()]), None)
        if isinstance(first, (list, tuple)) and first and all(isinstance(x, Tensor) for x in first):
            return len(first)
        batched = [t for t in self.tensors() if t.ndim > 1]
        return max(1, len(batched[0])) if batched else 1

    @property
    def device(self) -> torch.device:
        """Of the first tensor."""
        return self.tensors()[0].device


def as_inputs(example: Example) -> Inputs:
    """The arguments of the forward: a tensor is one, a sequence gives several, a dict gives them by name.

    Raises:
        ValueError: there is no tensor in it, only empty ones, or something that is neither a tensor nor a plain value.
    """
    if isinstance(example, Inputs):
        return example
    if isinstance(example, Mapping):
        inputs = Inputs(named={str(name): value for name, value in example.items()})
    elif isinstance(example, (list, tuple)):
        inputs = Inputs(tuple(example))
    else:
        inputs = Inputs((example,))
    odd = [type(value).__name__ for value in _leaves([inputs.args, inputs.named]) if not _is_usable(value)]
    if odd or not inputs.tensors():
        raise ValueError(
            "example must be a float tensor (N, C, ...), a tuple of arguments or a dict of named arguments, holding "
            f"tensors, numbers or None, and at least one tensor; got {', '.join(odd) or 'no tensor'}"
        )
    if not any(tensor.numel() for tensor in inputs.tensors()):
        raise ValueError(f"example is empty, of shapes {[tuple(x.shape) for x in inputs.tensors()]}; give one picture")
    return inputs


def _is_usable(value: Any) -> bool:
    return isinstance(value, (Tensor, *PLAIN)) and not isinstance(value, str)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from _leaves(part)
    else:
        yield value


def _mapped(value: Any, function: Callable[[Tensor], Tensor]) -> Any:
    if isinstance(value, Tensor):
        return function(value)
    if isinstance(value, Mapping):
        return {key: _mapped(part, function) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_mapped(part, function) for part in value) if type(value) in (list, tuple) else value
    return value


def tensors(value: Any) -> Iterator[Tensor]:
    """All tensors in nested lists, tuples, mappings, dataclasses, generators and objects, in order."""
    yield from _tensors(value, set())


def _tensors(value: Any, seen: set[int]) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
        return
    if isinstance(value, PLAIN) or id(value) in seen:
        return
    seen.add(id(value))
    for part in _parts(value):
        yield from _tensors(part, seen)


def _parts(value: Any) -> Sequence[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, (list, tuple, set, frozenset, Iterator)):
        return list(value)
    if is_dataclass(value):
        return [getattr(value, part.name) for part in fields(value)]
    if isinstance(value, nn.Module) or not hasattr(value, "__dict__") or isinstance(value, type):
        return []
    return list(vars(value).values())
