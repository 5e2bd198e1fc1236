"""Results as data and as text."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from apps.movement import NOTICE
from apps.movement.dataset import Example, labels_of
from apps.movement.explanation import Explanation, faithfulness
from apps.movement.scores import baselines, summary
from apps.movement.skeletons import COMMON
from apps.movement.training import Validation
from artnet.image.files import atomic_write

FEW_SEEDS = 10


def write_json(result: Mapping[str, object], path: Path) -> None:
    """Whole or not at all, with the notice in front."""
    write_text(json.dumps({"notice": NOTICE, **result}, indent=2), path)


def write_text(text: str, path: Path) -> None:
    """Whole or not at all."""
    with atomic_write(path) as file:
        file.write(f"{text}\n".encode())


def validation_result(examples: Sequence[Example], attention: Validation, control: Validation) -> dict[str, Any]:
    """Everything that a leave-one-subject-out run shows."""
    labels = labels_of(examples)
    return {
        "classes": {"normal": int((labels == 0).sum()), "abnormal": int((labels == 1).sum())},
        "attention": summary(attention.scores, labels),
        "no attention": summary(control.scores, labels),
        "baselines": baselines(examples),
        "sequences": {
            e.name: {
                "label": e.label,
                "probability": float(attention.scores[:, i].mean()),
                "sd": float(attention.scores[:, i].std()),
                "seeds that call it abnormal": int((attention.scores[:, i] > 0.5).sum()),
            }
            for i, e in enumerate(examples)
        },
        "joints": joint_result(attention.gates.mean(1), attention.drops.mean(1)),
    }


def joint_result(gates: np.ndarray, drops: np.ndarray) -> dict[str, Any]:
    """Attention of each joint and fall of the log-odds without it, and how far one tells the other.

    Args:
        gates: (S, J) mean gates of each seed.
        drops: (S, J) falls of the log-odds of the class without the joint.
    """
    table = {
        joint: {
            "attention": float(gates[:, j].mean()),
            "sd over seeds": float(gates[:, j].std()),
            "log-odds drop": float(drops[:, j].mean()),
        }
        for j, joint in enumerate(COMMON.joints)
    }
    means = gates.mean(0)
    spread = {"lowest": float(means.min()), "highest": float(means.max())}
    return {"table": table, "range of the means": spread, "faithfulness": faithfulness(gates, drops)}


def validation_text(result: Mapping[str, Any], seeds: int) -> str:
    """The result as a table for people."""
    lines = [NOTICE, "", f"{'':26}{'accuracy':>16}{'sensitivity':>16}{'specificity':>16}   right (95 % Wilson)"]
    for name, row in (("attention", result["attention"]), ("no attention (control)", result["no attention"])):
        cells = [f"{row['mean'][key]:.3f} +- {row['sd'][key]:.3f}" for key in row["mean"]]
        lines.append(f"{name:26}" + "".join(f"{cell:>16}" for cell in cells))
        lines.append(_single(f"  vote of {seeds} seeds", row["vote"]))
    lines += [_single(name, row) for name, row in result["baselines"].items()]
    lines += ["", f"{'joint':18}{'attention':>16}{'log-odds drop':>16}"]
    joints = result["joints"]
    for joint, row in sorted(joints["table"].items(), key=lambda item: -item[1]["attention"]):
        attention = f"{row['attention']:.3f} +- {row['sd over seeds']:.3f}"
        lines.append(f"{joint:18}{attention:>16}{row['log-odds drop']:>16.3f}")
    lines += ["", faithfulness_text(joints["faithfulness"])]
    if seeds < FEW_SEEDS:
        lines.append(f"Only {seeds} seed(s): use at least {FEW_SEEDS} before reading anything into these numbers.")
    return "\n".join(lines)


def _single(name: str, row: Mapping[str, Any]) -> str:
    low, high = row["wilson"]
    cells = "".join(f"{row[key]:>16.3f}" for key in ("accuracy", "sensitivity", "specificity"))
    return f"{name:26}{cells}   {row['correct']}/{row['of']} ({low:.3f}-{high:.3f})"


def faithfulness_text(found: Mapping[str, Any]) -> str:
    """One line on how far attention can be believed."""
    low, high = found["random_gates"]["range"]
    inside = low <= found["rank_correlation"] <= high
    verdict = "no better than attention given at random" if inside else "outside what random attention gives"
    return (
        f"Attention against the log-odds drop without a joint: rank correlation {found['rank_correlation']:.2f}, "
        f"{verdict} (95 % of random attention: {low:.2f} to {high:.2f})."
    )


def prediction_result(source: str, scores: np.ndarray, starts: Sequence[int], clip: int) -> dict[str, Any]:
    """Sequence and clip probabilities of atypical movement with their spread.

    Args:
        source: the file.
        scores: (S, B) by seed and clip.
        starts: (B,) first frames.
        clip: frames of a clip.
    """
    by_seed = scores.mean(1)
    return {
        "file": source,
        "probability of atypical": float(by_seed.mean()),
        "sd over seeds": float(by_seed.std()),
        "range over seeds": [float(by_seed.min()), float(by_seed.max())],
        "seeds": len(scores),
        "clips": [
            {"frames": [start, start + clip - 1], "probability": float(column.mean()), "sd": float(column.std())}
            for start, column in zip(starts, scores.T, strict=True)
        ],
    }


def prediction_text(result: Mapping[str, Any]) -> str:
    """The prediction for people."""
    low, high = result["range over seeds"]
    head = (
        f"{result['file']}: probability of atypical {result['probability of atypical']:.3f} +- "
        f"{result['sd over seeds']:.3f} over {result['seeds']} seeds ({low:.3f} to {high:.3f})"
    )
    clips = [
        f"  frames {row['frames'][0]:>5} to {row['frames'][1]:>5}: {row['probability']:.3f} +- {row['sd']:.3f}"
        for row in result["clips"]
    ]
    return "\n".join([NOTICE, head, *clips])


def explanation_result(explanation: Explanation) -> dict[str, Any]:
    """The explanation as data."""
    gates = explanation.gates.mean(1)
    return {
        "class explained": "atypical" if explanation.label else "typical",
        "joints": joint_result(gates, explanation.drops),
        "range of single gates": [float(explanation.gates.min()), float(explanation.gates.max())],
        "probability by joints removed": {name: curve.tolist() for name, curve in explanation.curves.items()},
    }
