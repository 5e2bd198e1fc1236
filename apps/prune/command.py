"""`artnet prune`: make a network smaller and faster by removing channels."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from apps.common.extras import need
from apps.common.stdio import complain
from apps.prune.choices import check_names, listing
from apps.prune.networks import add_model_arguments
from apps.prune.output_folder import Rows, check_folder, read_trained, write, write_trained

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor, nn

    import pruning
    from apps.prune.networks import Subject
    from pruning.zoo.data import Splits

EPILOG = """\
Channels are scored by --criterion; the lowest go until --target is met: macs=0.5, params=0.5 or channels=0.5 (the
share of the network to keep), or latency_ms=20 (as measured here). The removal is verified: the smaller network must
compute what the large one computes with these channels silenced.

Criteria that judge by activations or gradients look at pictures: --data for a classifier, whose batch normalisation
is then recalibrated too; --content and --style for ArtNet, which paints the one like the other. ArtNet without
--target loses only channels that score at or below --eps: with 'zero' and eps 0, lossless on what was watched.

A classifier can be trained where --data holds train/CLASS/ (and test/CLASS/ or val/CLASS/) with as many classes as the
network has outputs; accuracy on the test pictures is then reported too. --finetune trains what is left for so many
minutes. --schedule takes the place of a criterion: channels are silenced little by little in the course of --epochs
of training, by their norm, and those that are silent at the end are removed.

--search learns which channels to keep beside the weights, within a budget of macs, over --epochs of training;
--finetune then trains what is left. Layers that cannot be pruned stay whole and are listed with the reason, unless
--on-unsupported raise makes that an error.

The folder given with -o gets plan.json (what was removed), table.json (every layer), summary.json (before and after),
and the network: artnet.safetensors, or net.safetensors to be read with pruning.load. A schedule or search leaves
trained.safetensors there as soon as it is over; --resume goes on from that. A folder with an earlier result is refused
without --overwrite.

{names}

examples:
  artnet prune resnet50 --weights resnet50.safetensors --criterion l1-dependency --target macs=0.5 -o pruned/
  artnet prune mobilenet_v2 --criterion taylor --data photos/ --target latency_ms=20 -o fast/
  artnet prune my_package.networks:flowers --weights net.safetensors --data flowers/ --target macs=0.5 \\
      --criterion l1-dependency --finetune 30 -o small/
  artnet prune my_package.networks:flowers --schedule ghfp --epochs 30 --data flowers/ --target macs=0.5 -o soft/
  artnet prune artnet-dense --criterion zero --content photos/ --style paintings/ -o lossless/
  artnet prune artnet --target macs=0.45 --content photos/ --style paintings/ -o small/ --finetune 30
"""
UNSUPPORTED = "what to do about layers that cannot be pruned: leave them whole, or stop (default: skip)"
VERIFY_SIZE = 64
MANY = 16
"""Pictures at once, besides one, for which latency is measured."""
RANKING = {"criterion": None, "scope": "global", "normalise": None, "eps": 0.0, "round_to": 1, "max_per_layer": 1.0}
"""Options that a schedule, which ranks by itself, has no use for, and their defaults."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.description = __doc__
    parser.format_help = lambda: _help(parser)  # type: ignore[method-assign]
    add_model_arguments(parser)
    parser.set_defaults(pictures=200, **RANKING)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the results")
    parser.add_argument("--content", type=Path, help="ArtNet: folder of photos to watch the channels on")
    parser.add_argument("--style", type=Path, help="ArtNet: folder of paintings to watch the channels on")
    parser.add_argument("--criterion", help="how channels are scored (default: zero)")
    parser.add_argument("--target", type=target, metavar="KIND=X", help="macs=0.5, params=, channels= or latency_ms=20")
    parser.add_argument("--eps", type=float, help="without --target: largest score that goes (default: 0)")
    parser.add_argument("--scope", help="who is ranked together: global, isomorphic or layer (default: global)")
    parser.add_argument("--normalise", help="how groups compare: mean, l2, max, global or none (default: criterion's)")
    parser.add_argument("--min-channels", type=int, default=1, help="channels that stay in every group (default: 1)")
    parser.add_argument("--round-to", type=int, help="kept widths are multiples of this (default: 1)")
    parser.add_argument("--max-per-layer", type=float, help="largest share a group loses (default: 1)")
    parser.add_argument("--keep", nargs="+", default=[], metavar="LAYER", help="layers that keep all their channels")
    parser.add_argument("--seed", type=int, default=0, help="of crops, training and criterion 'random' (default: 0)")
    parser.add_argument("--on-unsupported", choices=("skip", "raise"), default="skip", help=UNSUPPORTED)
    parser.add_argument("--schedule", metavar="NAME", help="prune a classifier while training it: see below")
    parser.add_argument("--search", metavar="NAME", help="learn which channels of a classifier to keep: see below")
    parser.add_argument("--epochs", type=int, default=10, help="length of --schedule or --search (default: 10)")
    parser.add_argument("--resume", action="store_true", help="go on after the training of an earlier run")
    parser.add_argument("--overwrite", action="store_true", help="replace an earlier result in the folder")
    parser.add_argument("--finetune", type=float, metavar="MINUTES", help="then train the pruned network for so long")
    parser.add_argument("--lr", type=float, default=0.01, help="first learning rate of a classifier (default: 0.01)")
    parser.add_argument("--vgg", type=Path, help="ArtNet: loss network of the fine-tuning (default: torchvision's)")


def _help(parser: argparse.ArgumentParser) -> str:
    """The help with all names, which only this needs: finding them imports torch."""
    parser.epilog = EPILOG.format(names=listing())
    return type(parser).format_help(parser)


def target(text: str) -> dict[str, float]:
    """'macs=0.5' -> {'macs': 0.5}."""
    kind, _, share = text.partition("=")
    try:
        return {kind: float(share)}
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not like macs=0.5 or latency_ms=20") from None


def run(args: argparse.Namespace) -> int:
    """Watch, plan, remove, verify, measure, write; then fine-tune where asked."""
    need("train", "torch", "torchvision")
    import torch

    import pruning
    from apps.prune.calibration import progress_bar
    from apps.prune.classifier_training import classes_of
    from apps.prune.networks import load_subject

    check_names(args)
    check_folder(args.output, overwrite=args.overwrite, resume=args.resume)
    subject = load_subject(args.model, args.weights, args.size)
    is_artnet = subject.build is None
    if not is_artnet and args.weights is None and ":" not in args.model:
        complain(f"warning: {args.model} has random weights: give trained ones with --weights")
    classes = classes_of(args.data, subject)
    check(args, is_artnet, classes)
    model, plan = _planned(args, subject, classes)
    example = None if isinstance(model, pruning.TracedModel) else subject.example()
    small = torch.rand(1, 3, VERIFY_SIZE, VERIFY_SIZE, generator=torch.Generator().manual_seed(0))
    with progress_bar("verifying", 3) as bar:
        pruned = pruning.apply(model, plan)
        pruning.verify(model, plan, pruned, small if is_artnet else example)
        bar.update()
        bar.set_description("recalibrating")
        _recalibrate(args, subject, pruned)
        bar.update()
        bar.set_description("measuring")
        rows = _summary(args, subject, plan, pruned, classes)
        bar.update()
    table = pruning.layer_table(model, plan)
    network = write(args.output, plan, table, rows, pruned, is_artnet)
    for name, why in plan.skipped.items():
        print(f"left whole: {name}, {why}", file=sys.stderr)
    if args.finetune and classes is not None:
        rows |= finetune_classifier(args, classes, pruned, rows["accuracy"][0])
        write(args.output, plan, table, rows, pruned, is_artnet)
    print(pruning.format_table(table))
    print("\n" + "\n".join(f"{name:19} {before:>14,} -> {after:>14,}" for name, (before, after) in rows.items()))
    print(f"verified: removing equals masking; the network is {network}", file=sys.stderr)
    return finetune_artnet(args) if args.finetune and is_artnet else 0


def check(args: argparse.Namespace, is_artnet: bool, classes: "Splits | None") -> None:
    """Refuse options that do not go together, before any work.

    Raises:
        ValueError: saying what to do instead.
    """
    taught = [f"--{name}" for name in ("schedule", "search") if getattr(args, name) is not None]
    if len(taught) > 1 or (args.resume and not taught):
        raise ValueError("give one of --schedule and --search; --resume goes with either")
    training = taught[0] if taught else "--finetune" if args.finetune is not None else None
    if taught and is_artnet:
        raise ValueError(f"{taught[0]} trains classifiers only; --finetune trains a pruned ArtNet")
    if training and is_artnet and (args.content is None or args.style is None):
        raise ValueError("--finetune needs --content and --style")
    if training and not is_artnet and classes is None:
        raise ValueError(f"{training} trains a classifier: give --data FOLDER with pictures in FOLDER/train/CLASS/")
    if training and args.batch < 2:
        raise ValueError(f"--batch must be at least 2 for training, got {args.batch}")
    for name in ("finetune", "lr", "epochs"):
        if (value := getattr(args, name)) is not None and not value > 0:
            raise ValueError(f"--{name} must be above 0, got {value}")
    if not taught:
        return
    if args.search and list(args.target or ()) != ["macs"]:
        raise ValueError("--search needs --target macs= (the share to keep)")
    if args.target is None or "latency_ms" in args.target:
        raise ValueError("--schedule needs --target macs=, params= or channels= (the share to keep)")
    for name, default in RANKING.items():
        if getattr(args, name) != default:
            raise ValueError(f"--{name.replace('_', '-')} has no use with {taught[0]}, which ranks by itself")


def _planned(
    args: argparse.Namespace, subject: "Subject", classes: "Splits | None"
) -> "tuple[nn.Module | pruning.TracedModel, pruning.Plan]":
    """The plan, and the network that it is for: the subject's own, or one trained by a schedule or search."""
    import pruning
    from apps.prune.calibration import progress_bar

    if args.schedule or args.search:
        return _taught(args, subject, classes)
    options = {name: getattr(args, name) for name in RANKING} | {"criterion": args.criterion or "zero"}
    options |= {name: getattr(args, name) for name in ("target", "min_channels", "seed", "on_unsupported")}
    how = {"keep": args.keep, "on_unsupported": args.on_unsupported}
    with progress_bar("following channels", 1) as bar:
        traced = pruning.trace(subject.model, subject.example(), **how)
        bar.update()
    statistics = _watch(args, subject, options["criterion"], classes)
    with progress_bar("ranking channels", 1) as bar:
        plan = pruning.plan(traced, statistics=statistics, **options)
        bar.update()
    return traced, plan


def _taught(args: argparse.Namespace, subject: "Subject", classes: "Splits | None") -> "tuple[nn.Module, pruning.Plan]":
    """What a schedule or search makes of the network; saved before anything else is done with it."""
    from apps.prune.classifier_training import prune_while_training, search_while_training

    if args.resume:
        return read_trained(args.output, subject.model)
    assert classes is not None  # which `check` saw to
    options = {name: getattr(args, name) for name in ("target", "keep", "seed", "on_unsupported")}
    passes = {"rate": args.lr, "batch": args.batch}
    if args.search:
        model, plan = search_while_training(subject, classes, args.epochs, **passes, **options)
    else:
        options["min_channels"] = args.min_channels
        model, plan = prune_while_training(subject, classes, args.schedule, args.epochs, **passes, **options)
    write_trained(args.output, model, plan)
    return model, plan


def _watch(
    args: argparse.Namespace, subject: "Subject", name: str, classes: "Splits | None"
) -> "pruning.Evidence | None":
    """What the criterion needs of pictures, None where it judges by weights or there are no pictures."""
    from apps.prune.calibration import record, record_gates, record_painting
    from pruning import criteria

    criterion = criteria.get(name)
    if not criterion.needs and not criterion.uses:
        return None
    if "gates" in criterion.needs and args.data is not None:
        return record_gates(subject, _pictures(args, subject), classes, args.pictures, args.batch)
    if subject.build is None:
        if args.content is None or args.style is None:
            raise ValueError(f"criterion {name!r} looks at pictures: give --content and --style")
        return record_painting(args, subject, gradients="gradients" in criterion.needs)
    if args.data is None:
        if criterion.needs:
            raise ValueError(f"criterion {name!r} looks at pictures: give --data FOLDER")
        return None
    return record(subject, _pictures(args, subject), -(-args.pictures // args.batch))


def _pictures(args: argparse.Namespace, subject: "Subject") -> "Iterator[Tensor]":
    """Batches of pictures to watch; of a folder with classes only those for training."""
    from apps.prune.networks import picture_batches

    folder = args.data / "train" if (args.data / "train").is_dir() else args.data
    return picture_batches(folder, subject, pictures=args.pictures, batch=args.batch, seed=args.seed)


def _recalibrate(args: argparse.Namespace, subject: "Subject", pruned: "nn.Module") -> None:
    import pruning
    from pruning.surgery.recalibrate import norms_of

    if args.data is not None and norms_of(pruned):
        pruning.recalibrate(pruned, _pictures(args, subject))


def _summary(
    args: argparse.Namespace, subject: "Subject", plan: "pruning.Plan", pruned: "nn.Module", classes: "Splits | None"
) -> Rows:
    """Costs, latency at one picture (of a classifier: at 16 too), and accuracy where there are classes."""
    import pruning
    from apps.prune.classifier_training import accuracy

    pair, example = (subject.model, pruned), subject.example()
    rows: Rows = {name: (plan.before[name], plan.after[name]) for name in ("macs", "params", "channels")}
    for count in (1,) if subject.build is None else (1, MANY):
        before, after = pruning.latencies_ms(pair, example.expand(count, -1, -1, -1))
        rows["latency_ms" if count == 1 else f"latency_ms_batch{count}"] = (round(before, 2), round(after, 2))
    if classes is not None:
        before, after = (accuracy(model, classes.test, args.batch) for model in pair)
        rows["accuracy"] = (before, after)
    return rows


def finetune_classifier(args: argparse.Namespace, classes: "Splits", pruned: "nn.Module", before: float) -> Rows:
    """Train the pruned network in place; its accuracy beside the dense one's."""
    from apps.prune.classifier_training import accuracy, fit, minutes

    fit(pruned, classes.train, minutes(args.finetune), rate=args.lr, batch=args.batch, seed=args.seed)
    return {"accuracy_finetuned": (before, accuracy(pruned, classes.test, args.batch))}


def finetune_artnet(args: argparse.Namespace) -> int:
    """Train the pruned network in OUTPUT/finetuned, as `artnet train --init` would."""
    from apps.cli import main

    command = ["train", str(args.content), str(args.style), "-o", str(args.output / "finetuned")]
    command += ["--init", str(args.output / "artnet.safetensors"), "--minutes", str(args.finetune), "--lr", "3e-4"]
    return main([*command, "--vgg", str(args.vgg)] if args.vgg else command)
