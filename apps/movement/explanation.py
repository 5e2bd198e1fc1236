"""What the networks rely on: their attention, and whether taking the attended joints away really changes the answer.

A joint is taken away by putting it to its mean over the training data (arXiv 2106.04471 shows attention alone; the
checks by removal and against random attention are ours). What a joint counts for is the fall of the log-odds of the
class without it, not of the probability: where several joints tell the same, a sure network stays at a probability
near 1 without any one of them. Networks that differ only in their seed rely on different ones of such joints, so falls
and attention are averaged over seeds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch
from torch import Tensor

from apps.movement.network import MovementNet
from apps.movement.scores import rank_correlation

RANDOM_DRAWS = 2000
RANDOM_ORDERS = 20


@torch.no_grad()
def log_odds(network: MovementNet, clips: Tensor, label: int, removed: Sequence[int] = ()) -> Tensor:
    """(B,) log of the odds of class `label` in clips (B, J, D, T), with some joints taken away."""
    kept = torch.ones(network.config.joints)
    kept[list(removed)] = 0
    logits, _ = network.eval()(clips, kept)
    return logits[:, label] - logits[:, 1 - label]


def ablation_drops(network: MovementNet, clips: Tensor, label: int) -> np.ndarray:
    """How much the log-odds of class `label` fall when one joint is taken away, (J,).

    It is the mean over clips, and below 0 where they rise.
    """
    whole = log_odds(network, clips, label)
    falls = [whole - log_odds(network, clips, label, [j]) for j in range(network.config.joints)]
    return torch.stack(falls).mean(1).numpy()


def removal_curve(network: MovementNet, clips: Tensor, label: int, order: Sequence[int]) -> np.ndarray:
    """(J + 1,) mean probability of class `label` with the first 0, 1, ... J joints of an order taken away."""
    counts = range(len(order) + 1)
    return np.array([float(log_odds(network, clips, label, order[:count]).sigmoid().mean()) for count in counts])


def faithfulness(gates: np.ndarray, drops: np.ndarray, seed: int = 0) -> dict[str, object]:
    """Does attention tell which joints matter?

    Args:
        gates: (S, J) mean gates of each seed's networks.
        drops: (S, J) their mean falls of the log-odds.
        seed: of the random control.

    Returns:
        rank_correlation of the means over seeds; per_seed, its own gates against its own drops; random_gates, mean
        and 95 % range of the correlation when joints are attended to at random; seed_agreement, the mean correlation
        of two seeds' gates (None for one seed).
    """
    draw = np.random.default_rng(seed)
    mean_drop = drops.mean(0)
    control = [rank_correlation(draw.random(len(mean_drop)), mean_drop) for _ in range(RANDOM_DRAWS)]
    pairs = [float(np.corrcoef(a, b)[0, 1]) for a, b in combinations(gates, 2) if a.std() > 0 and b.std() > 0]
    return {
        "rank_correlation": rank_correlation(gates.mean(0), mean_drop),
        "per_seed": [rank_correlation(a, d) for a, d in zip(gates, drops, strict=True)],
        "random_gates": {"mean": float(np.mean(control)), "range": np.quantile(control, [0.025, 0.975]).tolist()},
        "seed_agreement": float(np.mean(pairs)) if pairs else None,
    }


@dataclass(frozen=True)
class Explanation:
    """Of one recording, by S networks that differ in their seed, over B clips.

    Attributes:
        label: the class explained, 1 atypical, 0 typical.
        scores: (S, B) probability of atypical.
        gates: (S, B, J) attention.
        drops: (S, J) falls of the log-odds of `label`.
        curves: {"highest attention first", "random order", "lowest attention first"}: (J + 1,) mean probability of
            `label` by the number of joints taken away.
    """

    label: int
    scores: np.ndarray
    gates: np.ndarray
    drops: np.ndarray
    curves: dict[str, np.ndarray]

    @property
    def faithfulness(self) -> dict[str, object]:
        return faithfulness(self.gates.mean(1), self.drops)


@torch.no_grad()
def explain(
    networks: Sequence[MovementNet], clips: Tensor, progress: Callable[[], object] | None = None
) -> Explanation:
    """Explain the class that the networks together find more probable.

    Args:
        networks: trained with attention, one a seed.
        clips: (B, J, D, T) of one recording.
        progress: called after each network.
    """
    answers = [network.eval()(clips) for network in networks]
    scores = torch.stack([logits.softmax(1)[:, 1] for logits, _ in answers]).numpy()
    gates = torch.stack([g for _, g in answers]).numpy()
    label = int(scores.mean() > 0.5)
    drops, curves = [], []
    draw = np.random.default_rng(0)
    for network, attention in zip(networks, gates.mean(1), strict=True):
        order = np.argsort(-attention).tolist()
        drops.append(ablation_drops(network, clips, label))
        shuffled = [draw.permutation(len(order)).tolist() for _ in range(RANDOM_ORDERS)]
        random = np.mean([removal_curve(network, clips, label, o) for o in shuffled], 0)
        ends = (removal_curve(network, clips, label, o) for o in (order, order[::-1]))
        curves.append((next(ends), random, next(ends)))
        if progress is not None:
            progress()
    names = ("highest attention first", "random order", "lowest attention first")
    means = dict(zip(names, np.mean(curves, 0), strict=True))
    return Explanation(label, scores, gates, np.array(drops), means)
