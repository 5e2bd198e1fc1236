"""ArtNet at the same MACs by every criterion, after the same fine-tuning.

    python -m benchmarks.pruning_artnet CONTENT STYLE TEST_CONTENT TEST_STYLE -o RUNS --vgg FILE [--steps 300]

For each criterion, in a folder of its own: prune `artnet-dense`, train what is left for the same steps with the same
seed and batches, and paint the test pairs, which were not trained on. Scores are the training losses at 512 px;
RUNS/CRITERION/painted keeps the pictures for other judges. Finished criteria stay: run the same command
again to go on.
"""

import argparse
import json
import shutil
from pathlib import Path

from tqdm import tqdm

from apps.benchmark.timing import describe, save
from apps.cli import main as artnet
from artnet import Stylizer
from artnet.evaluation import SCORES, paint_pairs, score_pair, write_pair
from artnet.training.data import find_pictures
from artnet.training.losses import VGGTrunk

CRITERIA = (
    "zero", "mean-activation", "apoz", "l1", "l1-dependency", "fpgm", "cpmc", "taylor-dependency", "random",
)  # fmt: skip
TRAINING = (
    "--size 160 --batch 2 --lr 7e-4 --warmup 50 --style-weight 14 --variation-weight 0.05 --swap-share 0.75"
    " --scales 1 --skip-dropout 0.05 --preview-every 0"
)
SIZE = 512


def scores(weights: str | Path, args: argparse.Namespace, folder: Path) -> dict[str, float]:
    """Mean of each loss over the test pairs, whose pictures are written to a folder."""
    contents, styles = (find_pictures(f)[: args.limit] for f in (args.test_content, args.test_style))
    trunk, stylizer = VGGTrunk(args.vgg), Stylizer.load(weights)
    folder.mkdir(parents=True, exist_ok=True)
    total = dict.fromkeys(SCORES, 0.0)
    pairs = len(contents) * len(styles)
    for pair in tqdm(paint_pairs(stylizer, contents, styles, size=SIZE), total=pairs, disable=None):
        write_pair(pair, folder)
        for name, value in score_pair(pair, trunk).items():
            total[name] += value / pairs
    return {name: round(value, 4) for name, value in total.items()}


def measure(criterion: str, args: argparse.Namespace) -> dict[str, object]:
    """Prune by a criterion, train, score."""
    run = args.output / criterion
    shutil.rmtree(run, ignore_errors=True)  # of a run that was cut off
    folders = [str(args.content), str(args.style)]
    pruned, tuned = run / "pruned", run / "tuned"
    watched = ["--content", folders[0], "--style", folders[1], "--pictures", str(args.pictures)]
    target = ["--criterion", criterion, "--target", f"macs={args.macs}", "-o", str(pruned)]
    training = ["--init", str(pruned / "artnet.safetensors"), "--steps", str(args.steps), "--vgg", str(args.vgg)]
    for command in (
        ["prune", "artnet-dense", *target, *watched],
        ["train", *folders, "-o", str(tuned), *training, *TRAINING.split()],
    ):
        if artnet(command):
            raise SystemExit(f"artnet {' '.join(command)} failed")
    summary = json.loads((pruned / "summary.json").read_text())
    return {"summary": summary, **scores(tuned / "artnet.safetensors", args, run / "painted")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("content", "style", "test_content", "test_style"):
        parser.add_argument(name, type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--vgg", type=Path, required=True)
    parser.add_argument("--macs", type=float, default=0.5)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--pictures", type=int, default=40, help="photos and paintings that criteria look at")
    parser.add_argument("--limit", type=int, default=6, help="test contents and styles")
    parser.add_argument("--criteria", nargs="+", default=CRITERIA)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    rows = {}
    for name in ("dense", *args.criteria):
        done = args.output / name / "row.json"
        if not done.exists():
            dense = name == "dense"
            save(done, scores("artnet-dense", args, done.parent / "painted") if dense else measure(name, args))
        rows[name] = json.loads(done.read_text())
        print(name, rows[name], flush=True)
    if args.json:
        options = {name: getattr(args, name) for name in ("macs", "steps", "pictures", "limit")}
        save(args.json, {"machine": describe(), **options, "training": TRAINING, "rows": rows})


if __name__ == "__main__":
    main()
