"""Trained networks on disk: one safetensors file with a network for each seed, nothing pickled."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save as tensors_to_bytes
from torch import Tensor

from apps.movement import NOTICE
from apps.movement.cleaning import Cleaning
from apps.movement.network import MovementNet, NetworkConfig
from artnet.image.damaged import reading
from artnet.image.files import atomic_write
from artnet.model.checkpoint import fill

FORMAT = "artnet-movement/1"


@dataclass(frozen=True)
class Ensemble:
    """Networks that differ in their seed, and how their input is made.

    Attributes:
        networks: all of one configuration.
        clip: frames of a clip.
        cleaning: of the tracks.
    """

    networks: tuple[MovementNet, ...]
    clip: int
    cleaning: Cleaning

    def __post_init__(self) -> None:
        if not self.networks or type(self.clip) is not int or self.clip < 1:
            raise ValueError(f"needs a network or more and clips of a frame or more, got {self.clip!r}")


def save_ensemble(ensemble: Ensemble, path: str | Path) -> None:
    """Write the file, whole or not at all."""
    tensors = {
        f"{index}.{name}": tensor.contiguous()
        for index, network in enumerate(ensemble.networks)
        for name, tensor in network.state_dict().items()
    }
    config = {
        "networks": len(ensemble.networks),
        "network": asdict(ensemble.networks[0].config),
        "clip": ensemble.clip,
        "cleaning": asdict(ensemble.cleaning),
    }
    metadata = {"format": FORMAT, "config": json.dumps(config), "notice": NOTICE}
    with atomic_write(path) as file:
        file.write(tensors_to_bytes(tensors, metadata=metadata))


def load_ensemble(path: str | Path) -> Ensemble:
    """Read a file from `save_ensemble`; the networks are in evaluation mode.

    Raises:
        ValueError: no such file, or one of another kind.
    """
    if not Path(path).is_file():
        raise ValueError(f"{path} is no file; give movement.safetensors from artnet movement train")
    with reading(path, "a file of artnet movement train"):
        with safe_open(str(path), "pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if metadata.get("format") != FORMAT:
            raise ValueError(
                f"{path} was not written by artnet movement train: its format is {metadata.get('format')!r}"
            )
        config = json.loads(metadata["config"])
        networks = tuple(_network(config["network"], tensors, f"{i}.") for i in range(config["networks"]))
        return Ensemble(networks, config["clip"], Cleaning(**config["cleaning"]))


def _network(config: dict[str, object], tensors: dict[str, Tensor], prefix: str) -> MovementNet:
    with torch.device("meta"):  # so that an absurd configuration allocates nothing
        network = MovementNet(NetworkConfig(**config))  # type: ignore[arg-type]
    own = {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
    fill(network, own)
    return network.eval()
