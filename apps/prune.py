"""`artnet prune`: remove the channels of an ArtNet that do nothing, or little."""

import argparse
import json
import sys
from pathlib import Path

EPILOG = """\
Every channel is watched while the network paints photos in the style of paintings. Criterion 'zero' scores a channel
by its largest activation over all pictures. Without --target, channels at or below --eps go: with eps 0, lossless on
what was watched. With --target macs=0.5, the least active go until half of the multiplications are left.

The folder given with -o gets plan.json (what was removed), table.json, and artnet.safetensors (the network). Fine-tune
it with `artnet train --init DIR/artnet.safetensors`, or right away with --finetune.

examples:
  artnet prune runs/dense/artnet.safetensors --criterion zero --content photos/ --style paintings/ -o pruned/
  artnet prune artnet-dense --target macs=0.45 --content photos/ --style paintings/ -o small/ --finetune 30
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.description, parser.epilog = __doc__, EPILOG
    parser.add_argument("model", help="a checkpoint, 'artnet' or 'artnet-dense'")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the results")
    parser.add_argument("--content", type=Path, required=True, help="folder of photos to watch the channels on")
    parser.add_argument("--style", type=Path, required=True, help="folder of paintings to watch the channels on")
    parser.add_argument("--criterion", default="zero", help="how channels are scored (default: %(default)s)")
    parser.add_argument("--eps", type=float, default=0.0, help="largest activation of an empty channel (default: 0)")
    parser.add_argument("--target", type=target, metavar="macs=F", help="share of macs or params to keep, 0 to 1")
    parser.add_argument("--pictures", type=int, default=200, help="photos, and paintings, to watch (default: 200)")
    parser.add_argument("--size", type=int, default=256, help="side of their crops in pixels (default: 256)")
    parser.add_argument("--seed", type=int, default=0, help="of the crops (default: 0)")
    parser.add_argument("--finetune", type=float, metavar="MINUTES", help="then train the pruned network this long")
    parser.add_argument("--vgg", type=Path, help="loss network of the fine-tuning (default: torchvision's VGG16)")


def target(text: str) -> dict[str, float]:
    """'macs=0.5' -> {'macs': 0.5}."""
    kind, _, share = text.partition("=")
    try:
        return {kind: float(share)}
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not like macs=0.5 or params=0.5") from None


def run(args: argparse.Namespace) -> int:
    """Watch, plan, remove, verify, write; then fine-tune where asked."""
    from tqdm import tqdm

    import pruning
    from artnet.checkpoint import load_checkpoint, save_checkpoint
    from artnet.shrinking import painting_batches, record, shrink
    from artnet.training.data import PictureFolder

    if args.pictures < 1 or not 64 <= args.size <= 2048:
        raise ValueError("--pictures must be at least 1 and --size between 64 and 2048")
    network = load_checkpoint(args.model)
    batches = painting_batches(
        PictureFolder(args.content), PictureFolder(args.style), pictures=args.pictures, size=args.size, seed=args.seed
    )
    with tqdm(total=args.pictures, disable=None, unit="picture", desc="watching channels") as bar:
        statistics = record(network, batches, lambda seen: bar.update(seen - bar.n))
    pruned, plan = shrink(network, statistics, criterion=args.criterion, eps=args.eps, target=args.target)
    args.output.mkdir(parents=True, exist_ok=True)
    plan.save(args.output / "plan.json")
    table = pruning.layer_table(network, plan)
    (args.output / "table.json").write_text(json.dumps(table, indent=1) + "\n")
    save_checkpoint(pruned, args.output / "artnet.safetensors")
    print(pruning.format_table(table))
    print(f"verified: removing equals masking; the network is {args.output / 'artnet.safetensors'}", file=sys.stderr)
    return finetune(args) if args.finetune else 0


def finetune(args: argparse.Namespace) -> int:
    """Train the pruned network in OUTPUT/finetuned, as `artnet train --init` would."""
    from apps.cli import main

    command = ["train", str(args.content), str(args.style), "-o", str(args.output / "finetuned")]
    command += ["--init", str(args.output / "artnet.safetensors"), "--minutes", str(args.finetune), "--lr", "3e-4"]
    return main([*command, "--vgg", str(args.vgg)] if args.vgg else command)
