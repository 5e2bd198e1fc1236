"""Pruning an ArtNet: look at what its channels do on photos and paintings, remove, verify."""

import random
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

import pruning
from artnet.model.config import ArtNetConfig
from artnet.model.network import ArtNet, config_of
from artnet.training.data import PictureFolder

COUNT_SIZE = 512
"""Side in pixels of the picture at which multiplications are counted."""
VERIFY_SIZE = 64


def painting_batches(
    content: PictureFolder, style: PictureFolder, *, pictures: int, size: int, seed: int = 0, batch: int = 4
) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches (photos, paintings) of random crops, `pictures` of each in all."""
    rng = random.Random(seed)
    for start in range(0, pictures, batch):
        count = min(batch, pictures - start)
        yield content.draw(count, size, rng), style.draw(count, size, rng)


def record(
    network: ArtNet,
    batches: Iterator[tuple[Tensor, Tensor]],
    progress: Callable[[int], None] | None = None,
) -> pruning.Evidence:
    """Activations of every layer while the network paints photos in the style of paintings, through S2."""
    side = 4 * network.config.stride
    return pruning.record(network, torch.rand(1, 3, side, side), batches, progress=progress)


def shrink(
    network: ArtNet,
    statistics: pruning.Evidence,
    *,
    criterion: str = "zero",
    eps: float = 0.0,
    target: dict[str, float] | None = None,
) -> tuple[ArtNet, pruning.Plan]:
    """Remove channels from a copy of the network, and verify that removing equals masking.

    Args:
        network: stays as it is.
        statistics: of `record`.
        criterion, eps, target: see `pruning.plan`.

    Returns:
        The smaller network and the plan, whose costs are those of a 512x512 picture.

    Raises:
        ValueError: see `pruning.plan` and `pruning.verify`.
    """
    example = torch.zeros(1, 3, COUNT_SIZE, COUNT_SIZE)
    plan = pruning.plan(network, example, criterion=criterion, statistics=statistics, eps=eps, target=target)
    removed = pruning.apply(network, plan)
    generator = torch.Generator().manual_seed(0)
    pruning.verify(network, plan, removed, torch.rand(1, 3, VERIFY_SIZE, VERIFY_SIZE, generator=generator))
    return rebuilt(removed), plan


def rebuilt(removed: nn.Module) -> ArtNet:
    """The same network with its widths in its configuration, where `pruning.apply` leaves those of the dense one."""
    config: ArtNetConfig = config_of(removed)  # type: ignore[arg-type]
    network = ArtNet(config)
    network.load_state_dict(removed.state_dict())
    return network.eval()
