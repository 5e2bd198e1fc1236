"""Which criteria agree, and which know what a channel is worth: on three trained networks of different kinds.

    python -m benchmarks.pruning_study [--seeds 3] [--epochs 8]

The bundled ArtNet, which repaints pictures as they are (its styles and the page's photos, 96 x 96); ResNet-8 on the
cluttered digits; four linear layers on the bundled digits. Criteria look at one part of the data. On
another part the worth of a channel is measured: how far the answers move, relative to their size,
when nothing reads it (up to 24 channels of every group). 'within NAME' is Spearman's correlation of scores and worth,
mean over the groups; 'network NAME' the same over all channels, scores made comparable as in a plan. 'alike A B' is the
correlation of two criteria, mean over the groups.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps
from scipy.stats import spearmanr
from torch import Tensor, nn

import pruning
from artnet import load_checkpoint
from benchmarks.classifiers import Results, accuracy, fit, options, task
from pruning.criteria import get, names
from pruning.criteria.calibration import Loss
from pruning.graph.comparison import unread
from pruning.planning.scoring import comparable, raw_scores, views
from pruning.zoo.data import Splits, batches, digits

REPOSITORY = Path(__file__).parent.parent
PICTURES = REPOSITORY / "apps" / "samples"
SIDE, MOST = 96, 24
COMPARED = [name for name in names() if name not in ("attention", "zero")]  # no gates; a score of few groups
Batch = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Subject:
    """A trained network, data for the criteria to look at, and other data to judge them on."""

    model: nn.Module
    seen: list[Batch]
    unseen: list[Batch]
    loss: Loss
    dense: float


def pictures() -> list[Tensor]:
    """All bundled pictures, cut to squares: (3, SIDE, SIDE) each, in [0, 1], in the order of their names."""
    paths = sorted(PICTURES.rglob("*.jpg"), key=lambda path: (path.parent, path))
    squares = [ImageOps.fit(Image.open(path).convert("RGB"), (SIDE, SIDE)) for path in paths]
    return [torch.from_numpy(np.array(square)).permute(2, 0, 1) / 255 for square in squares]


def artnet(seed: int, epochs: int) -> Subject:
    """The bundled weights; only which pictures are seen depends on the seed."""
    found = pictures()
    order = torch.randperm(len(found), generator=torch.Generator().manual_seed(seed)).tolist()
    stacked = [torch.stack([found[i] for i in order[start : start + 4]]) for start in range(0, len(order) - 3, 4)]
    seen, unseen = stacked[: len(stacked) // 2], stacked[len(stacked) // 2 :][:2]
    model = load_checkpoint("artnet").eval()
    with torch.no_grad():
        error = float(sum((model(x) - x).square().mean() for x in unseen) / len(unseen))
    seen_twice, unseen_twice = ([(x, x) for x in some] for some in (seen, unseen))
    return Subject(model, seen_twice, unseen_twice, lambda net, batch: F.mse_loss(net(batch[0]), batch[1]), error)


def residual(seed: int, epochs: int) -> Subject:
    """ResNet-8, per cent of the test part that it knows."""
    model, splits = task(seed)
    return _classifier(model, splits, seed, epochs, rate=0.1)


def linear(seed: int, epochs: int) -> Subject:
    """64 - 128 - 128 - 64 - 10."""
    torch.manual_seed(seed)
    widths = (64, 128, 128, 64)
    hidden = [part for a, b in pairwise(widths) for part in (nn.Linear(a, b), nn.ReLU())]
    model = nn.Sequential(nn.Flatten(), *hidden, nn.Linear(widths[-1], 10))
    return _classifier(model, digits(seed), seed, 2 * epochs, rate=0.05)


def _classifier(model: nn.Module, splits: Splits, seed: int, epochs: int, rate: float) -> Subject:
    fit(model, splits.train, epochs, seed, rate=rate)
    seen, unseen = list(batches(splits.train, 200)), list(batches(splits.test, 200))[:2]
    dense = accuracy(model, splits.test)
    return Subject(model.eval(), seen, unseen, lambda net, batch: F.cross_entropy(net(batch[0]), batch[1]), dense)


KINDS = {"ArtNet": artnet, "ResNet-8": residual, "linear layers": linear}


@torch.no_grad()
def worth(subject: Subject, traced: pruning.TracedModel, group: str, channels: list[int]) -> np.ndarray:
    """(len(channels),) how far the answers move without each channel of a group, relative to their norm."""
    inputs = [x for x, _ in subject.unseen]
    dense = torch.cat([subject.model(x) for x in inputs])

    def moved(channel: int) -> float:
        masked = unread(subject.model, traced.network, {group: [channel]})
        return float((torch.cat([masked(x) for x in inputs]) - dense).norm() / dense.norm())

    return np.array([moved(channel) for channel in channels])


def chosen(group: pruning.ChannelGroup) -> list[int]:
    """Up to MOST channels, evenly spread."""
    return sorted({int(c) for c in np.linspace(0, group.channels - 1, MOST)})


def measure(kind: str, seed: int, epochs: int) -> dict[str, object]:
    """All correlations of one network."""
    subject = KINDS[kind](seed, epochs)
    statistics = _recorded(subject)
    traced = pruning.trace(subject.model, subject.unseen[0][0][:1])
    picked = {group.name: chosen(group) for group in traced if group.channels > 2}
    judged = {name: worth(subject, traced, name, channels) for name, channels in picked.items()}
    found = views(subject.model, traced.network, statistics, seed)
    row: dict[str, object] = {"dense": subject.dense, "groups": len(picked), "channels": sum(map(len, picked.values()))}
    scored: dict[str, dict[str, np.ndarray]] = {}
    for name in COMPARED:
        criterion = get(name)
        raw = raw_scores(found, criterion)
        even = comparable(raw, criterion, found, criterion.normalise)
        scored[name] = {g: s.numpy() for g, s in raw.items() if g in picked}
        own = [(scored[name][g][picked[g]], even[g].numpy()[picked[g]], judged[g]) for g in scored[name]]
        row[f"within {name}"] = _mean([rank(some, values) for some, _, values in own])
        row[f"network {name}"] = rank(*(np.concatenate(part) for part in list(zip(*own, strict=True))[1:]))
    for one, other in combinations(COMPARED, 2):
        both = [g for g in scored[one] if g in scored[other]]
        row[f"alike {one} {other}"] = _mean([rank(scored[one][g], scored[other][g]) for g in both])
    return row


def _recorded(subject: Subject) -> pruning.Evidence:
    return pruning.record(subject.model, subject.unseen[0][0][:1], subject.seen, loss=subject.loss)


def rank(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's correlation; 0 where one of both is constant and so ranks nothing."""
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return round(float(spearmanr(a, b).statistic), 4)


def _mean(values: list[float]) -> float:
    return round(float(np.mean(values)), 4)


def table(results: Results) -> Iterator[str]:
    """A line of Markdown for each criterion: correlation with the worth of a channel, within groups and over all."""
    summary = {row["network"]: row for row in results.summary()}
    for name in COMPARED:
        cells = [f"{row[f'{part} {name}']['mean']:.2f}" for row in summary.values() for part in ("within", "network")]
        yield " | ".join(["", name, *cells, ""]).strip()


def main() -> None:
    args = options(__doc__, "pruning-study.json", epochs=8, seeds=3)
    warnings.filterwarnings("ignore", "the criterion cannot score")
    settings = {"side": SIDE, "channels of a group": MOST, "epochs": args.epochs}
    results = Results(args.json, ("network", "seed"), settings)
    for seed in range(1, args.seeds + 1):
        for kind in KINDS:
            results.measure(partial(measure, kind, seed, args.epochs), network=kind, seed=seed)
    print("\n".join(table(results)))


if __name__ == "__main__":
    main()
