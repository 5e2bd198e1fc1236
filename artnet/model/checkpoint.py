"""Checkpoints: networks to safetensors files and back. Nothing is ever unpickled."""

from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor, nn

from artnet.image.damaged import reading
from artnet.image.files import atomic_write
from artnet.model.checkpoint_arrays import read_weights
from artnet.model.config import ArtNetConfig
from artnet.model.network import ArtNet, config_of


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
    config, state = read_weights(path)
    with reading(path, "an ArtNet checkpoint whose tensors fit its config"):
        return rebuild(config, {name: torch.from_numpy(value) for name, value in state.items()}).eval()


def rebuild(config: ArtNetConfig, state: dict[str, Tensor]) -> ArtNet:
    """A network around existing tensors; nothing is allocated before they are known to fit the config.

    Raises:
        RuntimeError, ValueError: they do not.
    """
    with torch.device("meta"):
        network = ArtNet(config)
    fill(network, state)
    return network


def fill(network: nn.Module, state: dict[str, Tensor]) -> None:
    """Give a network that was made on the device 'meta' its tensors.

    Raises:
        RuntimeError: their names or shapes are not the network's.
        ValueError: their types are not, or a value is not finite.
    """
    for name, own in network.state_dict().items():
        if name in state and state[name].dtype != own.dtype:
            raise ValueError(f"{name} holds {state[name].dtype}, not {own.dtype}")
        if name in state and not torch.isfinite(state[name]).all():
            raise ValueError(f"{name} has values that are not finite")
    network.load_state_dict(state, assign=True)
