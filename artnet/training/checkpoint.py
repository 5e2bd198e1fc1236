"""Training checkpoints that resume exactly: network, optimiser moments and counters in one safetensors file."""

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor
from torch.optim import AdamW

from artnet.image.damaged import reading
from artnet.image.files import atomic_write
from artnet.model.checkpoint import rebuild
from artnet.model.config import ArtNetConfig
from artnet.model.network import ArtNet, config_of
from artnet.training.options import TrainOptions

MOMENTS = ("exp_avg", "exp_avg_sq")


@dataclass
class Counters:
    """How far a run has come."""

    step: int = 0
    seconds: float = 0.0


def save_state(path: Path, network: ArtNet, optimizer: AdamW, counters: Counters, options: TrainOptions) -> None:
    """Write everything that a run needs to go on as if it had not stopped; replaces the old file at once."""
    tensors: dict[str, Tensor] = {}
    for name, parameter in network.named_parameters():
        tensors[f"network.{name}"] = parameter.detach()
        for moment in MOMENTS:
            if moment in optimizer.state[parameter]:
                tensors[f"{moment}.{name}"] = optimizer.state[parameter][moment]
    metadata = {
        "artnet": config_of(network).to_json(),
        "options": options.to_json(),
        "step": str(counters.step),
        "seconds": repr(counters.seconds),
    }
    with atomic_write(path) as file:
        file.write(save({k: v.contiguous().cpu() for k, v in tensors.items()}, metadata=metadata))


def load_state(path: Path) -> tuple[ArtNet, dict[str, Tensor], Counters, TrainOptions]:
    """Network, optimiser moments by name, counters and options of a training checkpoint.

    Raises:
        ValueError: the file is no training checkpoint.
    """
    with reading(path, "a training checkpoint to resume from"):
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        options = TrainOptions.from_json(metadata["options"])
        weights = {k.removeprefix("network."): v for k, v in tensors.items() if k.startswith("network.")}
        network = rebuild(ArtNetConfig.from_json(metadata["artnet"]), weights)
        counters = Counters(int(metadata["step"]), float(metadata["seconds"]))
        if counters.step < 0 or not 0 <= counters.seconds < math.inf:
            raise ValueError(f"it cannot have come to step {counters.step} in {counters.seconds} s")
        check_moments(network, tensors)
    return network, {k: v for k, v in tensors.items() if not k.startswith("network.")}, counters, options


def check_moments(network: ArtNet, tensors: dict[str, Tensor]) -> None:
    """Refuse moments of the optimiser that it cannot have had.

    Raises:
        ValueError: one has another shape or type than its parameter, is not finite, or its twin is missing.
    """
    for name, parameter in network.named_parameters():
        found = [tensors[key] for moment in MOMENTS if (key := f"{moment}.{name}") in tensors]
        alike = all(m.shape == parameter.shape and m.dtype == parameter.dtype for m in found)
        if not alike or len(found) not in (0, len(MOMENTS)):
            raise ValueError(f"the moments of {name} do not fit it")
        if not all(torch.isfinite(m).all() for m in found) or (found and (found[1] < 0).any()):
            raise ValueError(f"the moments of {name} have values that no training leaves")


def restore_moments(optimizer: AdamW, network: ArtNet, moments: dict[str, Tensor], step: int) -> None:
    """Put the moments of `load_state` back into an optimiser made anew for the network."""
    for name, parameter in network.named_parameters():
        if f"exp_avg.{name}" in moments:
            state = {m: torch.empty_like(parameter).copy_(moments[f"{m}.{name}"]) for m in MOMENTS}
            optimizer.state[parameter] = {"step": torch.tensor(float(step)), **state}
