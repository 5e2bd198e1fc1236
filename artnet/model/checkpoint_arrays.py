"""Checkpoint files as arrays, without torch: one safetensors file with the config in its metadata."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

import numpy as np
from safetensors import safe_open

from artnet.image.damaged import reading
from artnet.model.config import ArtNetConfig

BUNDLED = {"artnet": "artnet.safetensors", "artnet-dense": "artnet-dense.safetensors"}
"""Names of the weights that travel with the package: the pruned network, and the dense one that it was made from."""


def read_weights(path: str | Path = "artnet") -> tuple[ArtNetConfig, dict[str, np.ndarray]]:
    """Config and float32 tensors of a checkpoint, given by its path or the name of bundled weights.

    Raises:
        ValueError: the file is not an ArtNet checkpoint.
        FileNotFoundError: there is no such file.
    """
    source = weights_path(path)
    if not source.is_file():
        raise FileNotFoundError(f"no weights at {source}: give a .safetensors file or one of {', '.join(BUNDLED)}")
    with reading(source, "an ArtNet checkpoint"):
        with safe_open(source, "np") as file:
            metadata = file.metadata() or {}
            state = {key: file.get_tensor(key).astype(np.float32) for key in file.keys()}  # noqa: SIM118
        if "artnet" not in metadata:
            raise ValueError(f"{source} holds no ArtNet config: was it written by artnet train or artnet prune?")
        config = ArtNetConfig.from_json(metadata["artnet"])
        check_tensors(config, state)
        return config, state


def weights_path(path: str | Path = "artnet") -> Path:
    """Where weights lie that are given by their path, or by the name of bundled ones."""
    return Path(str(files("weights") / BUNDLED[str(path)])) if str(path) in BUNDLED else Path(path)


def check_tensors(config: ArtNetConfig, state: Mapping[str, np.ndarray]) -> None:
    """Refuse what no network has, before an engine builds a graph of it; how layers fit together the engine checks.

    Raises:
        ValueError: a tensor that is not finite, a convolution that is not (O, I, K, K) with O biases, or a width that
            is not the config's.
    """
    layers = {name.rpartition(".")[0] for name in state}
    for layer in sorted(layers | set(config.widths)):
        weight, bias = (state.get(f"{layer}.{part}", np.empty(0)) for part in ("weight", "bias"))
        square = weight.ndim == 4 and weight.shape[2] == weight.shape[3] and 0 not in weight.shape
        if not square or bias.shape != weight.shape[:1]:
            raise ValueError(f"a layer {layer!r} has a weight of {weight.shape} and a bias of {bias.shape}")
        if config.widths.get(layer, len(bias)) != len(bias):
            raise ValueError(f"{layer} has {len(bias)} channels, but {config.widths[layer]} in the config")
        if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
            raise ValueError(f"{layer} has values that are not finite")
