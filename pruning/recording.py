"""One recorded run of a network: shapes of all tensors, where each layer is applied, and what comes out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from pruning.layers import Conv

Example = Tensor | Sequence[Tensor]


def as_inputs(example: Example) -> tuple[Tensor, ...]:
    """The arguments of the forward: a tensor is one argument, a sequence of tensors several.

    Raises:
        ValueError: not a tensor or a sequence of float tensors with at least two axes (N, C, ...).
    """
    inputs = (example,) if isinstance(example, Tensor) else tuple(example)
    if not inputs or not all(isinstance(x, Tensor) and x.is_floating_point() and x.ndim > 1 for x in inputs):
        shown = [f"{tuple(x.shape)} {x.dtype}" if isinstance(x, Tensor) else type(x).__name__ for x in inputs]
        raise ValueError(f"example must be a float tensor (N, C, ...) or a tuple of them, got {shown}")
    return inputs


def tensors(value: Any) -> Iterator[Tensor]:
    """All tensors in nested lists, tuples and mappings, in order."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        yield from tensors(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from tensors(part)


@dataclass
class Recording:
    """What one run shows. Autograd functions are compared by identity, so the outputs that hold them are kept.

    Attributes:
        outputs: the outputs that depend on an input or a weight.
        positions: for every layer that ran, in the order of its first run: places per picture at which its weights
            are applied, all runs together (of a transposed convolution: places of its input).
        shapes: shape of the result of each autograd function.
        functions: the autograd functions of each layer's results, one per run.
    """

    outputs: list[Tensor] = field(default_factory=list)
    positions: dict[nn.Module, int] = field(default_factory=dict)
    shapes: dict[Any, tuple[int, ...]] = field(default_factory=dict)
    functions: dict[nn.Module, list[Any]] = field(default_factory=dict)

    def output_functions(self) -> frozenset[Any]:
        """The autograd functions whose results are outputs."""
        return frozenset(out.grad_fn for out in self.outputs)

    def output_modules(self) -> frozenset[nn.Module]:
        """The layers whose results are outputs as they are."""
        ends = self.output_functions()
        return frozenset(module for module, functions in self.functions.items() if ends.intersection(functions))


class _Shapes(TorchFunctionMode):
    def __init__(self, shapes: dict[Any, tuple[int, ...]]) -> None:
        super().__init__()
        self.shapes = shapes

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        for out in tensors(result):
            if out.grad_fn is not None:
                self.shapes[out.grad_fn] = tuple(out.shape)
        return result


def record(model: nn.Module, inputs: tuple[Tensor, ...], layers: Sequence[nn.Module]) -> Recording:
    """Run the model on the inputs and record the given layers.

    Raises:
        ValueError: the model does not run on the inputs.
    """
    recording = Recording()

    def note(module: nn.Module, args: tuple[Any, ...], out: Tensor) -> None:
        moving = args[0] if isinstance(module, Conv) and module.transposed else out
        places = moving.numel() // (moving.shape[0] * moving.shape[-1 if isinstance(module, nn.Linear) else 1])
        recording.positions[module] = recording.positions.get(module, 0) + places
        recording.functions.setdefault(module, []).append(out.grad_fn)

    handles = [layer.register_forward_hook(note) for layer in layers]
    try:
        with _Shapes(recording.shapes):
            outputs = model(*inputs)
    except Exception as error:
        raise ValueError(f"the model does not run on the example: {type(error).__name__}: {error}") from error
    finally:
        for handle in handles:
            handle.remove()
    recording.outputs = [out for out in tensors(outputs) if out.grad_fn is not None]
    if not recording.outputs:
        raise ValueError("no output of the model depends on its input through differentiable operations")
    return recording
