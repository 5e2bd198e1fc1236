"""`artnet prune`: make a network smaller and faster by removing channels."""

import argparse
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from apps.common.extras import need
from apps.common.options import options_of
from apps.common.stdio import complain
from apps.prune.calibration import progress_bar
from apps.prune.choices import check_names, listing
from apps.prune.networks import add_model_arguments
from apps.prune.options import Pictures, PruneOptions, Ranking, check
from apps.prune.output_folder import Rows, check_folder, read_trained, write, write_summary, write_trained

if TYPE_CHECKING:
    from torch import nn

    import pruning
    from apps.prune.tasks import Task

EPILOG = """\
Channels are scored by --criterion; the lowest go until --target is met: macs=0.5, params=0.5 or channels=0.5 (the
share of the network to keep), or latency_ms=20 (as measured here). The removal is verified: the smaller network must
compute what the large one computes with these channels silenced.

Criteria that judge by activations or gradients look at pictures: --data for a classifier, whose batch normalisation
is then recalibrated too; --content and --style for ArtNet, which paints the one like the other. ArtNet without
--target loses only channels that score at or below --eps: with 'zero' and eps 0, lossless on what was watched.

Where --data holds train/CLASS/ (and test/CLASS/ or val/CLASS/) with as many classes as the network has outputs,
criteria judge by the loss of these labels, and a classifier can be trained; accuracy is then reported too, on the way
on pictures held back, in the end on the test pictures. --finetune trains what is left for so many minutes. --schedule
takes the place of a criterion: channels are silenced little by little in the course of --epochs of training, by their
norm, and those that are silent at the end are removed.

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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.description = __doc__
    parser.format_help = lambda: _help(parser)  # type: ignore[method-assign]
    add_model_arguments(parser)
    parser.set_defaults(pictures=Pictures.pictures, **vars(Ranking()))
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
    from apps.prune.networks import load_subject
    from apps.prune.tasks import task_of

    options = options_of(PruneOptions, vars(args))
    check_names(options.ranking, options.training)
    check_folder(options.output, overwrite=options.overwrite, resume=options.resume)
    subject = load_subject(options.model, options.weights, options.size)
    if subject.build is not None and options.weights is None and ":" not in options.model:
        complain(f"warning: {options.model} has random weights: give trained ones with --weights")
    task = task_of(subject, options.watched)
    task.check(options.training)
    check(options)
    with _warnings_in_lines():
        prune(task, options)
    return 0


@contextmanager
def _warnings_in_lines() -> Iterator[None]:
    """Say a warning in the block as one line, without the place in the code."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_: complain(f"warning: {message}")
        yield


def prune(task: "Task", options: PruneOptions) -> None:
    """Everything after the checks."""
    import pruning

    model, plan = planned(task, options)
    pruned, rows = remove(task, model, plan)
    options.output.mkdir(parents=True, exist_ok=True)
    network, table = task.save(pruned, options.output), pruning.layer_table(model, plan)
    write(options.output, plan, table, rows)
    for name, why in plan.skipped.items():
        print(f"left whole: {name}, {why}", file=sys.stderr)
    print(pruning.format_table(table) + "\n\n" + _lines(rows))
    print(f"verified: removing equals masking; the network is {network}", file=sys.stderr)
    if options.training.finetune is not None:
        tuned = task.finetune(pruned, options.training, options.output)
        write_summary(options.output, rows | tuned)
        print(_lines(tuned))


def planned(task: "Task", options: PruneOptions) -> "tuple[nn.Module | pruning.TracedModel, pruning.Plan]":
    """The plan, and the network that it is for: the task's own, or one trained by a schedule or search."""
    import pruning

    if options.training.taught:
        return _taught(task, options)
    choices = vars(options.ranking) | {"criterion": options.ranking.criterion or "zero"}
    choices |= {name: getattr(options, name) for name in ("target", "min_channels", "seed", "on_unsupported")}
    subject = task.subject
    with progress_bar("following channels", 1) as bar:
        traced = pruning.trace(
            subject.model, subject.example(), keep=options.keep, on_unsupported=options.on_unsupported
        )
        bar.update()
    statistics = task.watch(choices["criterion"])
    with progress_bar("ranking channels", 1) as bar:
        plan = pruning.plan(traced, statistics=statistics, **choices)
        bar.update()
    return traced, plan


def _taught(task: "Task", options: PruneOptions) -> "tuple[nn.Module, pruning.Plan]":
    """What a schedule or search makes of the network; saved before anything else is done with it."""
    if options.resume:
        return read_trained(options.output, task.subject.model)
    model, plan = task.teach(options)
    write_trained(options.output, model, plan)
    return model, plan


def remove(task: "Task", model: "nn.Module | pruning.TracedModel", plan: "pruning.Plan") -> "tuple[nn.Module, Rows]":
    """The smaller network, verified and recalibrated, and what it costs beside the dense one."""
    import pruning

    with progress_bar("verifying", 3) as bar:
        pruned = pruning.apply(model, plan)
        pruning.verify(model, plan, pruned, task.proof())
        bar.update()
        bar.set_description("recalibrating")
        task.recalibrate(pruned)
        bar.update()
        bar.set_description("measuring")
        rows: Rows = {name: (plan.before[name], plan.after[name]) for name in ("macs", "params", "channels")}
        rows |= task.measure(pruned)
        bar.update()
    return pruned, rows


def _lines(rows: Rows) -> str:
    return "\n".join(f"{name:19} {before:>14,} -> {after:>14,}" for name, (before, after) in rows.items())
