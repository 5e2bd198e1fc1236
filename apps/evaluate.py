"""`artnet evaluate`: paint every content in every style, keep the pictures, time and score them."""

import argparse
import json
import statistics
import sys
from pathlib import Path

from apps.common.extras import need

EPILOG = """\
Contents and styles are cropped to squares. With --vgg (a VGG trunk file) the mean of each training loss is printed;
without it, only the time. Pictures are named CONTENT__STYLE.png.

examples:
  artnet evaluate photos/ paintings/ -o painted/ --limit 20 --vgg vgg16.safetensors
  artnet evaluate photos/ paintings/ -o dense/ --weights artnet-dense --json

needs torch, torchvision and Kornia: pip install 'artnet[train]'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.description, parser.epilog = __doc__, EPILOG
    parser.add_argument("content", type=Path, help="folder of contents")
    parser.add_argument("style", type=Path, help="folder of styles")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--weights", help="a checkpoint, 'artnet' (default) or 'artnet-dense'")
    parser.add_argument("--size", type=int, default=512, help="side of the squares in pixels (default: %(default)s)")
    parser.add_argument("--limit", type=int, help="only the first N contents and styles, sorted by name")
    parser.add_argument("--transfer", choices=["s2", "adain", "wct"], default="s2", help="default: %(default)s")
    parser.add_argument("--vgg", type=Path, help="VGG trunk (safetensors) to score with")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")


def run(args: argparse.Namespace) -> int:
    """Paint, write, score, print."""
    need("train", "torch", "torchvision", "kornia")
    from tqdm import tqdm

    from artnet import Stylizer
    from artnet.evaluation import SCORES, paint_pairs, score_pair, write_pair
    from artnet.training.data import find_pictures
    from artnet.training.losses import VGGTrunk

    if not 32 <= args.size <= 4096 or (args.limit is not None and args.limit < 1):
        raise ValueError("--size must be between 32 and 4096 and --limit at least 1")
    contents, styles = (find_pictures(folder)[: args.limit] for folder in (args.content, args.style))
    stylizer = Stylizer.load(args.weights, engine="torch" if args.transfer == "wct" else "auto")
    trunk = VGGTrunk(args.vgg) if args.vgg else None
    args.output.mkdir(parents=True, exist_ok=True)
    scores, seconds = [], []
    pairs = paint_pairs(stylizer, contents, styles, size=args.size, transfer=args.transfer)
    for pair in tqdm(pairs, total=len(contents) * len(styles), disable=None, unit="picture"):
        write_pair(pair, args.output)
        seconds.append(pair.seconds)
        if trunk:
            scores.append(score_pair(pair, trunk))
    report = {
        "pairs": len(seconds),
        "size": args.size,
        "engine": stylizer.engine_choice,
        "milliseconds": round(1000 * statistics.median(seconds), 1),
        **{name: round(statistics.fmean(s[name] for s in scores), 4) for name in SCORES if scores},
    }
    print(json.dumps(report) if args.json else "\n".join(f"{key:13} {value}" for key, value in report.items()))
    print(f"the pictures are in {args.output}", file=sys.stderr)
    return 0
