"""Every criterion at 50 % and 25 % of the MACs on trained networks: how much of what they compute is left.

    python -m benchmarks.pruning_criteria PICTURES --mobilenet FILE --vgg FILE [--pictures 32] [--json FILE]

Half of the pictures are what criteria look at and batch normalisation is recalibrated on; the other half is for the
figures. MobileNetV2 shows how often the pruned network names the same class as the dense one, and the relative error
of its logits; the VGG16 trunk the relative error of its features. Nothing is fine-tuned, 'random' is the baseline.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision.models import vgg16

import pruning
from apps.benchmark.timing import describe, save
from apps.prune.networks import Subject, load_subject, picture_batches

SHARES = (0.5, 0.25)
BATCH = 4


class Trunk(nn.Module):
    """VGG16 up to the ReLU of conv4_3, with torchvision's names."""

    def __init__(self) -> None:
        super().__init__()
        self.features = vgg16(weights=None).features[:23]

    def forward(self, x: Tensor) -> Tensor:
        return self.features(x)


@torch.inference_mode()
def answers(model: nn.Module, batches: list[Tensor]) -> Tensor:
    """What the model computes, batch after batch: (N, ...)."""
    return torch.cat([model(batch) for batch in batches])


def compare(dense: Tensor, found: Tensor) -> dict[str, float]:
    """Relative error, and of a classifier the share of equal answers."""
    result = {"error": float((found - dense).norm() / dense.norm())}
    if found.ndim == 2:
        result["same_class"] = float((found.argmax(1) == dense.argmax(1)).float().mean())
    return result


def caffe_range(pictures: Tensor) -> Tensor:
    """Pictures (N, 3, H, W) in [0, 1] as the VGG16 teacher expects them: BGR, 0-255, without the mean."""
    return 255 * pictures.flip(1) - torch.tensor([104.00699, 116.66877, 122.67892])[:, None, None]


def measure(subject: Subject, seen: list[Tensor], unseen: list[Tensor]) -> list[dict[str, object]]:
    """One row for every criterion and share."""
    model = subject.model
    statistics = pruning.record(model, subject.example(), seen, loss=subject.loss)
    dense, rows = answers(model, unseen), []
    for criterion in pruning.criteria.names():
        for share in SHARES:
            row: dict[str, object] = {"criterion": criterion, "macs": share}
            try:
                plan = pruning.plan(
                    model, subject.example(), criterion=criterion, statistics=statistics, target={"macs": share}
                )
            except ValueError as error:
                rows.append(row | {"refused": str(error)})
                continue
            pruned = pruning.apply(model, plan)
            row |= {"reached": plan.after["macs"] / plan.before["macs"], **compare(dense, answers(pruned, unseen))}
            if any(isinstance(m, nn.BatchNorm2d) for m in pruned.modules()):
                pruning.recalibrate(pruned, seen)
                row["recalibrated"] = compare(dense, answers(pruned, unseen))
            rows.append(row)
            print(row, flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="PICTURES")
    parser.add_argument("--mobilenet", type=Path, required=True)
    parser.add_argument("--vgg", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=32)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    networks = {"mobilenet_v2": args.mobilenet, "benchmarks.pruning_criteria:Trunk": args.vgg}
    result: dict[str, object] = {"machine": describe(), "pictures": args.pictures, "size": args.size}
    for name, weights in networks.items():
        subject = load_subject(name, weights, args.size)
        if name.endswith("Trunk"):
            subject = replace(subject, prepare=caffe_range)
        batches = list(picture_batches(args.folder, subject, pictures=args.pictures, batch=BATCH))
        result[name] = measure(subject, batches[: len(batches) // 2], batches[len(batches) // 2 :])
    if args.json:
        save(args.json, result)


if __name__ == "__main__":
    main()
