"""Checkpoints: one safetensors file with the config in its metadata. Nothing is ever unpickled."""

from importlib.resources import files
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from artnet.config import ArtNetConfig
from artnet.files import atomic_write
from artnet.network import ArtNet, config_of

BUNDLED = {"artnet": "artnet.safetensors", "artnet-dense": "artnet-dense.safetensors"}
"""Names of the weights that travel with the package: the pruned network, and the dense one that it was made from."""


def save_checkpoint(network: ArtNet, path: str | Path, *, half: bool = True) -> None:
    """Write a network (float16 with half, else float32) with its config; an old file is replaced at once at the end."""
    dtype = torch.float16 if half else torch.float32
    state = {k: v.detach().to("cpu", dtype).contiguous() for k, v in network.state_dict().items()}
    with atomic_write(path) as file:
        file.write(save(state, metadata={"format": "pt", "artnet": config_of(network).to_json()}))


def load_checkpoint(path: str | Path = "artnet") -> ArtNet:
    """Rebuild a network, float32, in eval mode, from a checkpoint's path or the name of bundled weights.

    Raises:
        ValueError: the file is not an ArtNet checkpoint.
        FileNotFoundError: there is no such file.
    """
    source = Path(str(files("weights") / BUNDLED[str(path)])) if str(path) in BUNDLED else Path(path)
    if not source.is_file():
        raise FileNotFoundError(f"no weights at {source}: give a .safetensors file or one of {', '.join(BUNDLED)}")
    try:
        with safe_open(source, "pt") as file:
            metadata = file.metadata() or {}
            state = {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{source} is not a safetensors file ({error})") from error
    if "artnet" not in metadata:
        raise ValueError(f"{source} holds no ArtNet config: was it written by artnet train or artnet prune?")
    network = ArtNet(ArtNetConfig.from_json(metadata["artnet"]))
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise ValueError(f"the tensors of {source} do not fit its config ({reason})") from error
    return network.eval()
