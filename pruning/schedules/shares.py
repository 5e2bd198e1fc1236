"""How many channels go where every group loses the same share."""

from collections.abc import Mapping

from pruning.graph.structure import Network
from pruning.planning.removal import part_left
from pruning.planning.selection import FRACTIONS, check_target

STEPS = 40


def uniform_share(network: Network, target: Mapping[str, float], min_channels: int) -> float:
    """The share of every group's channels whose removal meets the target.

    Raises:
        ValueError: a bad target, or one that cannot be met with min_channels left in every group.
    """
    kind, fraction = check_target(target, FRACTIONS)
    if kind == "channels":
        return 1 - fraction

    def cost(share: float) -> float:
        counts = {name: lowest_count(size, share, min_channels) for name, size in network.sizes.items()}
        return part_left(network, {name: range(count) for name, count in counts.items()}, kind)

    if (least := cost(1.0)) > fraction:
        raise ValueError(f"{kind} can be brought to {least:.3f} of the dense network at the least, not {fraction}")
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if cost(middle) <= fraction else (middle, high)
    return high


def lowest_count(size: int, share: float, min_channels: int) -> int:
    """Whole channels in a share of a group, at least min_channels being left."""
    return max(0, min(int(size * share + 1e-6), size - min_channels))
