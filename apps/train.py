"""`artnet train`: train a network on a folder of photos and a folder of paintings."""

import argparse
import os
import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from apps.common.extras import need
from apps.common.options import options_of
from artnet.training.options import LossWeights, TrainOptions

if TYPE_CHECKING:
    from artnet.model.network import ArtNet
    from artnet.training.trainer import Trainer

EPILOG = """\
The folder given with -o gets state.safetensors (to resume from), artnet.safetensors (the network, for
`artnet stylize --weights`), log.csv and preview sheets. Training stops when its budget is used, or with Ctrl-C; run the
same command with --resume to go on exactly where it stopped.

examples:
  artnet train photos/ paintings/ -o runs/first --minutes 60
  artnet train photos/ paintings/ -o runs/first --minutes 180 --resume
  artnet train photos/ paintings/ -o runs/tuned --init runs/first/artnet.safetensors --size 256 --lr 2e-4 --steps 2000
  artnet train photos/ paintings/ -o slim --init cut.safetensors --teacher artnet --distillation-weight 8 --steps 2000
  torchrun --nproc-per-node 4 -m apps.cli train photos/ paintings/ -o runs/gpus --size 256 --batch 8 --steps 50000

needs torch, torchvision and Kornia: pip install 'artnet[train]'
"""
RENAMED = {"learning_rate": "lr"}
SAMPLES = 4


@dataclass(frozen=True)
class RunOptions:
    """A training run.

    Attributes:
        init: network to start from, or None for an encoder as `backbone` says.
        teacher: network that paints what the trained one is to paint, or None.
        config: file of an `ArtNetConfig`, or None for the default.
        vgg: file of the loss network, or None for torchvision's.
    """

    photos: Path
    paintings: Path
    output: Path
    resume: bool
    init: str | None
    backbone: str
    teacher: str | None
    config: Path | None
    vgg: Path | None
    device: str
    training: TrainOptions


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; the defaults are those of `TrainOptions` and `LossWeights`."""
    parser.description, parser.epilog = __doc__, EPILOG
    parser.add_argument("photos", type=Path, help="folder of photos, searched through its sub-folders")
    parser.add_argument(
        "paintings", type=Path, help="folder of paintings; each sub-folder (or NAME__ prefix) counts as a source"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of the run")
    parser.add_argument("--resume", action="store_true", help="go on from the run's checkpoint")
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--init", help="start from this network instead of random weights (fine-tuning)")
    start.add_argument("--backbone", choices=["random", "imagenet"], default="random", help="encoder to start from")
    parser.add_argument("--config", type=Path, help="JSON file with an ArtNetConfig, for another architecture")
    parser.add_argument("--teacher", help="network to paint like, with --distillation-weight")
    parser.add_argument("--vgg", type=Path, help="loss network, a VGG trunk file (default: torchvision's VGG16)")
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto", help="default: %(default)s")
    budget = parser.add_argument_group("budget (at least one of the two)")
    budget.add_argument("--steps", type=int, help="stop after this many steps in all")
    budget.add_argument("--minutes", type=float, help="stop after this much training time in all")
    add_fields(parser.add_argument_group("options"), TrainOptions, skip=("steps", "minutes", "bfloat16", "weights"))
    parser.add_argument(
        "--float32", action="store_true", help="train in float32 where the hardware multiplies bfloat16, too"
    )
    add_fields(parser.add_argument_group("weights of the loss terms"), LossWeights, suffix="-weight")


def add_fields(group: "argparse._ArgumentGroup", options: type, skip: tuple[str, ...] = (), suffix: str = "") -> None:
    """One option for each field of a dataclass, with its type and default."""
    for field in fields(options):
        if field.name not in skip:
            name = RENAMED.get(field.name, field.name).replace("_", "-")
            group.add_argument(
                f"--{name}{suffix}", dest=field.name, type=type(field.default), default=field.default, metavar="N",
                help="default: %(default)s",
            )  # fmt: skip


def build_network(run: RunOptions) -> "ArtNet":
    """The network that training starts from, or goes on with."""
    from artnet.model.checkpoint import load_checkpoint
    from artnet.model.config import ArtNetConfig
    from artnet.model.encoder import load_googlenet
    from artnet.model.network import ArtNet
    from artnet.training.checkpoint import load_state
    from artnet.training.trainer import STATE

    if run.resume:
        return load_state(run.output / STATE)[0]
    if run.init:
        return load_checkpoint(run.init)
    network = ArtNet(ArtNetConfig.from_json(run.config.read_text()) if run.config else ArtNetConfig(passes=2))
    if run.backbone == "imagenet":
        from torchvision.models import GoogLeNet_Weights, googlenet

        load_googlenet(network.encoder, googlenet(weights=GoogLeNet_Weights.IMAGENET1K_V1).state_dict())
    return network


def build_trainer(run: RunOptions) -> "Trainer":
    """Everything a run needs, each process of a torchrun with its own data and device."""
    import torch
    import torch.distributed as dist

    from artnet.engines.torch_engine import pick_device
    from artnet.model.checkpoint import load_checkpoint
    from artnet.training.data import Batches, PictureFolder
    from artnet.training.losses import VGGTrunk
    from artnet.training.trainer import STATE, Trainer

    options = run.training
    begun = (run.output / STATE).exists()
    if begun and not run.resume:
        raise ValueError(f"{run.output} already holds a run: give --resume to go on with it, or another -o")
    if run.resume and not begun:
        raise ValueError(f"nothing to resume in {run.output}")
    rank = int(os.environ.get("RANK", "0"))
    device = pick_device(run.device)
    if "RANK" in os.environ:
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
        if device.type == "cuda":
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    torch.manual_seed(options.seed)
    batches = Batches(
        PictureFolder(run.photos), PictureFolder(run.paintings),
        batch=options.batch, size=options.size, seed=options.seed, rank=rank, short_side=options.short_side,
    )  # fmt: skip
    teacher = load_checkpoint(run.teacher) if run.teacher else None
    trainer = Trainer(build_network(run), VGGTrunk(run.vgg), batches, options, run.output, device.type, teacher)
    if run.resume:
        trainer.resume()
    return trainer


def preview(trainer: "Trainer") -> None:
    """Write a sheet of fixed samples: photos down, paintings across."""
    import torch
    from PIL import Image

    from apps.common.contact_sheet import contact_sheet
    from artnet.model.tensors import to_rgb

    photos, paintings = (trainer.move(x[:SAMPLES]) for x in trainer.batches.at(-1))
    with torch.inference_mode(), trainer.autocast():
        columns = [trainer.network(photos, style[None]) for style in paintings]
    image = lambda x: Image.fromarray(to_rgb(x[None].float().cpu()))  # noqa: E731
    rows = [[image(photo), *(image(column[i]) for column in columns)] for i, photo in enumerate(photos)]
    head = [Image.new("RGB", rows[0][0].size, "white"), *(image(p) for p in paintings)]
    contact_sheet([head, *rows]).save(trainer.folder / f"preview-{trainer.counters.step:06d}.png")


def run(args: argparse.Namespace) -> int:
    """Train; Ctrl-C saves and stops."""
    need("train", "torch", "torchvision", "kornia")
    from tqdm import tqdm

    from apps.common.allocator import keep_freed_memory

    keep_freed_memory()
    trainer = build_trainer(options_of(RunOptions, vars(args) | {"bfloat16": not args.float32}))
    leader = trainer.batches.rank == 0
    content, style = trainer.batches.content, trainer.batches.style
    used = "bfloat16" if trainer.bfloat16 else "float32"
    print(f"{len(content)} photos, {len(style)} paintings -> {args.output}, in {used}", file=sys.stderr)
    layout = "{l_bar}{bar}| {elapsed}<{remaining} {postfix}"
    with tqdm(total=1.0, disable=None if leader else True, bar_format=layout) as bar:

        def show(counters, row) -> None:  # type: ignore[no-untyped-def]
            bar.n = trainer.options.progress(counters.step, counters.seconds)
            bar.set_postfix_str(f"step {counters.step}, loss {row['total']:.3f}, style {row['style']:.3f}")

        try:
            trainer.run(show, preview if leader else None)
        except KeyboardInterrupt:
            print(f"stopped at step {trainer.counters.step}; go on with --resume", file=sys.stderr)
            return 130
    print(f"{trainer.counters.step} steps; the network is {args.output / 'artnet.safetensors'}", file=sys.stderr)
    return 0
