"""Pruned networks on disk without pickle: safetensors, with every layer's width in the metadata."""

import copy
import json
import os
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import save as tensors_to_bytes
from torch import Tensor, nn

from pruning.damaged import reading
from pruning.graph.cutting import CHANGED, keep_ties, set_attribute
from pruning.graph.layers import LAYERS, OWN, Side, is_per_channel, leading, slice_layer, width

FORMAT = "pruning/1"
PICKLES = (b"PK", b"\x80\x02")
"""How files of torch.save begin, and those of torch before 1.6."""
BRACE = 8
"""Where the header of a safetensors file begins, after its length."""
SIDES: tuple[Side, Side] = ("out", "in")


def save(model: nn.Module, path: str | Path) -> None:
    """Write a network's weights and widths to a safetensors file, whole or not at all."""
    widths = {
        name: [width(module, side) for side in SIDES]
        for name, module in model.named_modules()
        if isinstance(module, LAYERS)
    }
    versions = {prefix: data for prefix, data in getattr(model.state_dict(), "_metadata", {}).items() if data}
    # Clones, since safetensors refuses tensors that share memory (tied weights).
    tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in model.state_dict().items()}
    changed = json.dumps(getattr(model, CHANGED, {}))
    metadata = {"format": FORMAT, "widths": json.dumps(widths), "versions": json.dumps(versions), "attributes": changed}
    temporary = Path(f"{path}.tmp")
    # By way of bytes: save_file would make the file private (mode 0600).
    temporary.write_bytes(tensors_to_bytes(tensors, metadata=metadata))
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
        _check_not_pickled(Path(path))
        with safe_open(str(path), "pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if metadata.get("format") != FORMAT:
            raise ValueError(f"{path} was not written by pruning.save: its format is {metadata.get('format')!r}")
        model = copy.deepcopy(like)
        for name, widths in json.loads(metadata["widths"]).items():
            _resize(model, name, dict(zip(SIDES, widths, strict=True)), path)
        _resize_others(model, tensors)
        keep_ties(like, model)
        for name, value in json.loads(metadata.get("attributes", "{}")).items():
            _change(model, name, value, path)
        state = OrderedDict(tensors)
        state._metadata = _versions(model, metadata)  # type: ignore[attr-defined]
        try:
            model.load_state_dict(state)
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:300]
            raise ValueError(f"{path} does not fit the given network: {reason}") from error
    return model


def _check_not_pickled(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(BRACE + 1)
    # A header of 640 bytes begins like a pickle; JSON follows the eight bytes of its length.
    if start.startswith(PICKLES) and start[BRACE:] != b"{":
        raise ValueError(
            f"{path} is a pickled file, as torch.save writes it, and may run code when it is read; write pruned "
            "networks with pruning.save"
        )


def _versions(model: nn.Module, metadata: dict[str, str]) -> dict[str, dict[str, Any]]:
    """What layers say of the version of their state: as stored, or of files before that was, as the model says."""
    stored = json.loads(metadata.get("versions", "null"))
    return getattr(model.state_dict(), "_metadata", {}) if stored is None else stored  # type: ignore[no-any-return]


def _resize_others(model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Parameters and buffers outside the layers take the stored size where that is smaller."""
    for name, tensor in model.state_dict(keep_vars=True).items():
        stored = tensors.get(name)
        owner, _, part = name.rpartition(".")
        module = model.get_submodule(owner)
        if stored is None or stored.ndim != tensor.ndim or (isinstance(module, LAYERS) and part in OWN):
            continue
        if stored.shape != tensor.shape and all(a <= b for a, b in zip(stored.shape, tensor.shape, strict=True)):
            data = tensor.detach().new_empty(stored.shape)
            trained = isinstance(tensor, nn.Parameter)
            setattr(module, part, nn.Parameter(data, requires_grad=tensor.requires_grad) if trained else data)


def _change(model: nn.Module, name: str, value: int, path: str | Path) -> None:
    owner, _, attribute = name.rpartition(".")
    modules = dict(model.named_modules())
    dense = vars(modules[owner]).get(attribute) if owner in modules else None
    if type(dense) is not int or type(value) is not int or not 0 < value <= dense:
        raise ValueError(f"{path} does not fit the given network: {name} is {dense!r} there, stored {value!r}")
    set_attribute(model, name, value)


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
