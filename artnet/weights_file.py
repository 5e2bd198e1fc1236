"""Checkpoint files as arrays, without torch: one safetensors file with the config in its metadata."""

from importlib.resources import files
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from artnet.config import ArtNetConfig

BUNDLED = {"artnet": "artnet.safetensors", "artnet-dense": "artnet-dense.safetensors"}
"""Names of the weights that travel with the package: the pruned network, and the dense one that it was made from."""


def read_weights(path: str | Path = "artnet") -> tuple[ArtNetConfig, dict[str, np.ndarray]]:
    """Config and float32 tensors of a checkpoint, given by its path or the name of bundled weights.

    Raises:
        ValueError: the file is not an ArtNet checkpoint.
        FileNotFoundError: there is no such file.
    """
    source = Path(str(files("weights") / BUNDLED[str(path)])) if str(path) in BUNDLED else Path(path)
    if not source.is_file():
        raise FileNotFoundError(f"no weights at {source}: give a .safetensors file or one of {', '.join(BUNDLED)}")
    try:
        with safe_open(source, "np") as file:
            metadata = file.metadata() or {}
            state = {key: file.get_tensor(key).astype(np.float32) for key in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{source} is not a safetensors file ({error})") from error
    if "artnet" not in metadata:
        raise ValueError(f"{source} holds no ArtNet config: was it written by artnet train or artnet prune?")
    return ArtNetConfig.from_json(metadata["artnet"]), state
