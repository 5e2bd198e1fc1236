"""`artnet prune`: make a network smaller and faster by removing channels."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from apps.models import add_model_arguments

if TYPE_CHECKING:
    from torch import nn

    import pruning
    from apps.models import Subject

EPILOG = """\
Channels are scored by --criterion; the lowest go until --target is met: macs=0.5, params=0.5 or channels=0.5 (the
share of the network to keep), or latency_ms=20 (as measured here). The removal is verified: the smaller network must
compute what the large one computes with these channels silenced.

Criteria that judge by activations or gradients look at pictures: --data for a classifier, whose batch normalisation
is then recalibrated too; --content and --style for ArtNet, which paints the one like the other. ArtNet without
--target loses only channels that score at or below --eps: with 'zero' and eps 0, lossless on what was watched.

The folder given with -o gets plan.json (what was removed), table.json (every layer), summary.json (before and after),
and the network: artnet.safetensors, or net.safetensors to be read with pruning.load.

examples:
  artnet prune resnet50 --weights resnet50.safetensors --criterion l1-dependency --target macs=0.5 -o pruned/
  artnet prune mobilenet_v2 --criterion taylor --data photos/ --target latency_ms=20 -o fast/
  artnet prune artnet-dense --criterion zero --content photos/ --style paintings/ -o lossless/
  artnet prune artnet --target macs=0.45 --content photos/ --style paintings/ -o small/ --finetune 30
"""
VERIFY_SIZE = 64


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.description, parser.epilog = __doc__, EPILOG
    add_model_arguments(parser)
    parser.set_defaults(pictures=200)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the results")
    parser.add_argument("--content", type=Path, help="ArtNet: folder of photos to watch the channels on")
    parser.add_argument("--style", type=Path, help="ArtNet: folder of paintings to watch the channels on")
    parser.add_argument("--criterion", default="zero", help="how channels are scored (default: %(default)s)")
    parser.add_argument("--target", type=target, metavar="KIND=X", help="macs=0.5, params=, channels= or latency_ms=20")
    parser.add_argument("--eps", type=float, default=0.0, help="without --target: largest score that goes (default: 0)")
    parser.add_argument("--scope", default="global", help="'global' ranks all channels together, 'layer' each group")
    parser.add_argument("--normalise", default="mean", help="how groups are compared: mean, l2, max, global or none")
    parser.add_argument("--min-channels", type=int, default=1, help="channels that stay in every group (default: 1)")
    parser.add_argument("--round-to", type=int, default=1, help="kept widths are multiples of this (default: 1)")
    parser.add_argument("--max-per-layer", type=float, default=1.0, help="largest share a group loses (default: 1)")
    parser.add_argument("--keep", nargs="+", default=[], metavar="LAYER", help="layers that keep all their channels")
    parser.add_argument("--seed", type=int, default=0, help="of crops and of criterion 'random' (default: 0)")
    parser.add_argument("--finetune", type=float, metavar="MINUTES", help="ArtNet: then train the pruned one so long")
    parser.add_argument("--vgg", type=Path, help="loss network of the fine-tuning (default: torchvision's VGG16)")


def target(text: str) -> dict[str, float]:
    """'macs=0.5' -> {'macs': 0.5}."""
    kind, _, share = text.partition("=")
    try:
        return {kind: float(share)}
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not like macs=0.5 or latency_ms=20") from None


def run(args: argparse.Namespace) -> int:
    """Watch, plan, remove, verify, measure, write; then fine-tune where asked."""
    import torch

    import pruning
    from apps.models import load_subject
    from apps.recording import progress_bar

    subject = load_subject(args.model, args.weights, args.size)
    is_artnet = subject.build is None
    if args.finetune and not is_artnet:
        raise ValueError("--finetune trains ArtNets only; fine-tune other networks in your own training loop")
    statistics = _watch(args, subject)
    model, example = subject.model, subject.example()
    small = torch.rand(1, 3, VERIFY_SIZE, VERIFY_SIZE, generator=torch.Generator().manual_seed(0))
    with progress_bar("planning", 4) as bar:
        options = {name: getattr(args, name) for name in ("eps", "target", "scope", "normalise", "keep", "seed")}
        limits = {name: getattr(args, name) for name in ("min_channels", "round_to", "max_per_layer")}
        plan = pruning.plan(model, example, criterion=args.criterion, statistics=statistics, **options, **limits)
        bar.update()
        bar.set_description("verifying")
        pruned = pruning.apply(model, plan)
        pruning.verify(model, plan, pruned, small if is_artnet else example)
        bar.update()
        bar.set_description("recalibrating")
        _recalibrate(args, subject, pruned)
        bar.update()
        bar.set_description("measuring")
        rows = _summary(subject, plan, pruned)
        bar.update()
    network = _write(args.output, plan, pruning.layer_table(model, plan), rows, pruned, is_artnet)
    print(pruning.format_table(pruning.layer_table(model, plan)))
    print("\n" + "\n".join(f"{name:11} {before:>14,} -> {after:>14,}" for name, (before, after) in rows.items()))
    print(f"verified: removing equals masking; the network is {network}", file=sys.stderr)
    return finetune(args) if args.finetune else 0


def _watch(args: argparse.Namespace, subject: "Subject") -> "pruning.Evidence | None":
    """What the criterion needs of pictures, None where it judges by weights or there are no pictures."""
    from apps.models import picture_batches
    from apps.recording import record, record_painting
    from pruning import criteria

    criterion = criteria.get(args.criterion)
    if not criterion.needs and not criterion.uses:
        return None
    if subject.build is None:
        if args.content is None or args.style is None:
            raise ValueError(f"criterion {args.criterion!r} looks at pictures: give --content and --style")
        return record_painting(args, subject, gradients="gradients" in criterion.needs)
    if args.data is None:
        if criterion.needs:
            raise ValueError(f"criterion {args.criterion!r} looks at pictures: give --data FOLDER")
        return None
    batches = picture_batches(args.data, subject, pictures=args.pictures, batch=args.batch, seed=args.seed)
    return record(subject, batches, -(-args.pictures // args.batch))


def _recalibrate(args: argparse.Namespace, subject: "Subject", pruned: "nn.Module") -> None:
    import pruning
    from apps.models import picture_batches
    from pruning.recalibration import norms_of

    if args.data is not None and norms_of(pruned):
        batches = picture_batches(args.data, subject, pictures=args.pictures, batch=args.batch, seed=args.seed)
        pruning.recalibrate(pruned, batches)


def _summary(subject: "Subject", plan: "pruning.Plan", pruned: "nn.Module") -> dict[str, tuple[float, float]]:
    """{what: (before, after)}; latency of one picture of the subject's size."""
    import pruning

    rows = {name: (plan.before[name], plan.after[name]) for name in ("macs", "params", "channels")}
    times = [round(pruning.latency_ms(model, subject.example()), 2) for model in (subject.model, pruned)]
    return {**rows, "latency_ms": (times[0], times[1])}


def _write(
    folder: Path,
    plan: "pruning.Plan",
    table: list[dict[str, str | float]],
    rows: dict[str, tuple[float, float]],
    pruned: "nn.Module",
    is_artnet: bool,
) -> Path:
    """Every file of the folder; returns the network's path."""
    import pruning
    from artnet.checkpoint import save_checkpoint

    folder.mkdir(parents=True, exist_ok=True)
    plan.save(folder / "plan.json")
    (folder / "table.json").write_text(json.dumps(table, indent=1) + "\n")
    summary = {name: {"before": before, "after": after} for name, (before, after) in rows.items()}
    (folder / "summary.json").write_text(json.dumps(summary, indent=1) + "\n")
    network = folder / ("artnet.safetensors" if is_artnet else "net.safetensors")
    if is_artnet:
        save_checkpoint(pruned, network)  # type: ignore[arg-type]
    else:
        pruning.save(pruned, network)
    return network


def finetune(args: argparse.Namespace) -> int:
    """Train the pruned network in OUTPUT/finetuned, as `artnet train --init` would."""
    from apps.cli import main

    if args.content is None or args.style is None:
        raise ValueError("--finetune needs --content and --style")
    command = ["train", str(args.content), str(args.style), "-o", str(args.output / "finetuned")]
    command += ["--init", str(args.output / "artnet.safetensors"), "--minutes", str(args.finetune), "--lr", "3e-4"]
    return main([*command, "--vgg", str(args.vgg)] if args.vgg else command)
