"""Pruned networks on disk without pickle: safetensors, with every layer's width in the metadata."""

import copy
import json
import os
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save as tensors_to_bytes
from torch import nn

from pruning.damaged import reading
from pruning.layers import LAYERS, Side, is_per_channel, leading, slice_layer, width

FORMAT = "pruning/1"
SIDES: tuple[Side, Side] = ("out", "in")


def save(model: nn.Module, path: str | Path) -> None:
    """Write a network's weights and widths to a safetensors file, whole or not at all."""
    widths = {
        name: [width(module, side) for side in SIDES]
        for name, module in model.named_modules()
        if isinstance(module, LAYERS)
    }
    # Clones, since safetensors refuses tensors that share memory (tied weights).
    tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in model.state_dict().items()}
    temporary = Path(f"{path}.tmp")
    # By way of bytes: save_file would make the file private (mode 0600).
    temporary.write_bytes(tensors_to_bytes(tensors, metadata={"format": FORMAT, "widths": json.dumps(widths)}))
    os.replace(temporary, path)


def load(path: str | Path, like: nn.Module) -> nn.Module:
    """Read a pruned network back.

    Args:
        path: a file from `save`.
        like: a network of the same architecture at its dense widths; it stays as it is and gives mode and device.

    Returns:
        A copy of `like` with the stored widths and weights.

    Raises:
        ValueError: the file is not from `save`, or is of another architecture.
        OSError: the file cannot be read.
    """
    with reading(path, "file of pruning.save"):
        with safe_open(str(path), "pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if metadata.get("format") != FORMAT:
            raise ValueError(f"{path} was not written by pruning.save: its format is {metadata.get('format')!r}")
        model = copy.deepcopy(like)
        for name, widths in json.loads(metadata["widths"]).items():
            _resize(model, name, dict(zip(SIDES, widths, strict=True)), path)
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        raise ValueError(f"{path} does not fit the given network: {error}") from error
    return model


def _resize(model: nn.Module, name: str, widths: dict[Side, int], path: str | Path) -> None:
    try:
        layer = model.get_submodule(name)
    except AttributeError as error:
        raise ValueError(f"{path} does not fit the given network: it has no layer {name}") from error
    if not isinstance(layer, LAYERS):
        raise ValueError(f"{path} does not fit the given network: {name} is a {type(layer).__name__} there")
    for side, count in widths.items():
        dense = width(layer, side)
        if type(count) is not int or count < 1:
            raise ValueError(f"{path} is damaged: {name} cannot have {count!r} channels")
        if count > dense:
            raise ValueError(
                f"{path} does not fit the given network: {name} has {dense} channels there, stored {count}"
            )
        if count < dense and (side == "out" or not is_per_channel(layer)):
            slice_layer(layer, side, leading(layer, side, count))
