"""What the pruning benchmarks on the cluttered digits share: training, measuring, and results that grow run by run."""

import argparse
import json
import math
import os
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

import pruning
from apps.benchmark.timing import describe
from pruning.modes import evaluating
from pruning.zoo import networks
from pruning.zoo.data import Splits, batches, cluttered_digits

BATCH, LEARNING_RATE, MOMENTUM, WEIGHT_DECAY = 64, 0.1, 0.9, 5e-4
RESULTS = Path(__file__).parent / "results"


def options(description: str | None, name: str, epochs: int, seeds: int = 5) -> argparse.Namespace:
    """--seeds, --epochs and --json; also prepares torch for small networks on one core."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=seeds)
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--json", type=Path, default=RESULTS / name, help="continued if it is there")
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    return parser.parse_args()


def task(seed: int, widths: tuple[int, int, int] = (16, 32, 64)) -> tuple[nn.Module, Splits]:
    """ResNet-8 with random weights and the cluttered digits, both from the seed."""
    torch.manual_seed(seed)
    return networks.resnet(8, 10, 1, widths=widths), cluttered_digits(seed)


def sgd(model: nn.Module, epochs: int, steps: int, rate: float = LEARNING_RATE) -> tuple[Any, Any]:
    """Optimiser, and the cosine schedule to be stepped after every step."""
    optimizer = torch.optim.SGD(model.parameters(), rate, MOMENTUM, weight_decay=WEIGHT_DECAY, nesterov=True)
    cosine = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda i: (1 + math.cos(math.pi * i / (epochs * steps))) / 2)
    return optimizer, cosine


def fit(
    model: nn.Module,
    data: Dataset,
    epochs: int,
    seed: int,
    *,
    rate: float = LEARNING_RATE,
    attach: Callable[[torch.optim.Optimizer], None] = lambda _: None,
    end_epoch: Callable[[], None] = lambda: None,
) -> None:
    """Train in place: SGD with Nesterov momentum, cosine rate, cross entropy."""
    loader = batches(data, BATCH, shuffle=True, seed=seed)
    optimizer, cosine = sgd(model, epochs, len(loader), rate)  # type: ignore[arg-type]
    attach(optimizer)
    for _ in range(epochs):
        model.train()
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
            cosine.step()
        end_epoch()


@torch.no_grad()
def accuracy(model: nn.Module, data: Dataset) -> float:
    """Per cent of the data set, in evaluation mode."""
    with evaluating(model):
        right = [(model(x).argmax(1) == y).float() for x, y in batches(data, 500)]
    return round(100 * float(torch.cat(right).mean()), 2)


def recalibrate(model: nn.Module, pictures: Iterable[Tensor]) -> nn.Module:
    """The model itself, its batch normalisation statistics averaged anew over these batches."""
    pruning.recalibrate(model, pictures)
    return model


def calibration(splits: Splits) -> list[Tensor]:
    """Training pictures, in batches."""
    return [x for x, _ in batches(splits.train, 200)]


class Results:
    """Rows of measurements in a JSON file that is rewritten after every row; finished rows are not made again.

    Args:
        path: of the file.
        keys: columns that name a row; equal names are one row.
        settings: what the rows have in common; a file with other settings is refused.
    """

    def __init__(self, path: Path, keys: tuple[str, ...], settings: Mapping[str, object]) -> None:
        self.path, self.keys, self.settings = path, keys, dict(settings)
        self.rows: list[dict[str, Any]] = []
        if path.exists():
            stored = json.loads(path.read_text())
            if stored["settings"] != self.settings:
                raise SystemExit(f"{path} has other settings: {stored['settings']}; choose another file with --json")
            self.rows = stored["rows"]

    def measure(self, work: Callable[[], Mapping[str, object]], **names: object) -> None:
        """Do the work unless its row is there; print and store what it returns."""
        if any(all(row[key] == names[key] for key in self.keys) for row in self.rows):
            return
        start = time.perf_counter()
        row = {**names, **work(), "seconds": 0.0}
        row["seconds"] = round(time.perf_counter() - start, 1)
        print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
        self.rows.append(row)
        self._write()

    def summary(self) -> list[dict[str, Any]]:
        """Mean and standard deviation of every number over the seeds, one entry per name."""
        over = [key for key in self.keys if key != "seed"]
        entries: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
        for row in self.rows:
            entries.setdefault(tuple(row[key] for key in over), []).append(row)
        return [{**dict(zip(over, name, strict=True)), **_spread(rows, self.keys)} for name, rows in entries.items()]

    def _write(self) -> None:
        content = {"machine": describe(), "settings": self.settings, "summary": self.summary(), "rows": self.rows}
        temporary = self.path.with_suffix(".tmp")
        temporary.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(content, indent=1) + "\n")
        os.replace(temporary, self.path)


def _spread(rows: list[dict[str, Any]], keys: tuple[str, ...]) -> dict[str, Any]:
    numbers = [key for key, value in rows[0].items() if isinstance(value, int | float) and key not in keys]
    spread: dict[str, Any] = {"seeds": len(rows)}
    for key in numbers:
        values = [row[key] for row in rows]
        sd = statistics.stdev(values) if len(values) > 1 else 0.0
        spread[key] = {"mean": round(statistics.mean(values), 4), "sd": round(sd, 4)}
    return spread
