"""The folder that `artnet prune` writes: its files, and what is in it from an earlier run."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

    import pruning

Rows = dict[str, tuple[float, float]]
"""{what: (before, after)}"""
PLAN, TRAINED = "plan.json", "trained.safetensors"
RESULTS = (PLAN, TRAINED, "table.json", "summary.json", "net.safetensors", "artnet.safetensors")


def check_folder(folder: Path, *, overwrite: bool, resume: bool) -> None:
    """Refuse a folder that holds an earlier result or cannot be one, or to resume where there is none.

    Raises:
        ValueError: saying what to do instead.
    """
    if resume:
        missing = [name for name in (TRAINED, PLAN) if not (folder / name).is_file()]
        if missing:
            raise ValueError(f"{folder} holds no {missing[0]} of a training to resume; run without --resume first")
        return
    if file := next((path for path in (folder, *folder.parents) if path.exists() and not path.is_dir()), None):
        raise ValueError(f"{file} is a file, and cannot be a folder for the results; choose another")
    there = [name for name in RESULTS if (folder / name).exists()]
    if there and not overwrite:
        raise ValueError(
            f"{folder} holds {', '.join(there)} of an earlier run; choose another folder, or say --overwrite"
        )


def write_trained(folder: Path, model: "nn.Module", plan: "pruning.Plan") -> None:
    """Save what the training has come to, before anything else can fail."""
    import pruning

    folder.mkdir(parents=True, exist_ok=True)
    pruning.save(model, folder / TRAINED)
    plan.save(folder / PLAN)


def read_trained(folder: Path, like: "nn.Module") -> "tuple[nn.Module, pruning.Plan]":
    """What `write_trained` saved.

    Raises:
        ValueError: a file is damaged, or of another network.
    """
    import pruning

    return pruning.load(folder / TRAINED, like=like), pruning.Plan.load(folder / PLAN)


def write(folder: Path, plan: "pruning.Plan", table: list[dict[str, str | float]], rows: Rows) -> None:
    """Every file of the folder but the network."""
    plan.save(folder / PLAN)
    (folder / "table.json").write_text(json.dumps(table, indent=1) + "\n")
    write_summary(folder, rows)


def write_summary(folder: Path, rows: Rows) -> None:
    """What changed, before and after."""
    summary = {name: {"before": before, "after": after} for name, (before, after) in rows.items()}
    (folder / "summary.json").write_text(json.dumps(summary, indent=1) + "\n")
