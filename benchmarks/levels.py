"""Single-level against multi-level transfer: equal training, then the losses on crops that were held out.

    python -m benchmarks.levels CONTENT STYLE --vgg FILE [--steps 600] [--json benchmarks/results/levels.json]

Every variant starts from the same seed and sees the same batches. Single-level networks transfer at the bottleneck
only; the others also give the decoder skips, transferred by AdaIN.
"""

import argparse
import tempfile
from pathlib import Path

import torch
from tqdm import tqdm

from apps.benchmark.timing import describe, save
from artnet.model.config import PIXELS, ArtNetConfig
from artnet.model.network import ArtNet
from artnet.training.data import Batches, PictureFolder
from artnet.training.losses import VGGTrunk
from artnet.training.options import TrainOptions
from artnet.training.trainer import Trainer

VARIANTS = {
    "single level": ArtNetConfig(skips=()),
    "two levels": ArtNetConfig(skips=("conv3",)),
    "three levels and pixels": ArtNetConfig(skips=("conv3", "conv1", PIXELS)),
}
HELD_OUT = 8


@torch.no_grad()
def held_out(trainer: Trainer, method: str) -> dict[str, float]:
    """Mean losses over batches that no step draws."""
    trainer.network.eval()
    totals: dict[str, float] = {}
    for turn in range(HELD_OUT):
        torch.manual_seed(turn)
        photos, paintings = trainer.batches.at(-1 - turn)
        for name, value in trainer.terms(photos, paintings, method, photos[:0]).items():
            totals[name] = totals.get(name, 0.0) + value.item() / HELD_OUT
    return {name: round(value, 4) for name, value in totals.items()}


def train(config: ArtNetConfig, args: argparse.Namespace, folders: list[PictureFolder]) -> Trainer:
    """One variant, trained for the steps."""
    torch.manual_seed(0)
    options = TrainOptions(steps=args.steps, batch=args.batch, preview_every=0)
    batches = Batches(*folders, batch=args.batch, size=options.size, seed=0)
    trainer = Trainer(ArtNet(config), VGGTrunk(args.vgg), batches, options, tempfile.mkdtemp())
    with tqdm(total=args.steps, disable=None) as bar:
        trainer.run(lambda counters, row: bar.update() and None)
    return trainer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("content", type=Path)
    parser.add_argument("style", type=Path)
    parser.add_argument("--vgg", type=Path)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    folders = [PictureFolder(args.content), PictureFolder(args.style)]
    rows = []
    for name, config in VARIANTS.items():
        trainer = train(config, args, folders)
        for method in ("s2", "adain"):
            rows.append({"variant": name, "transfer": method, **held_out(trainer, method)})
            print(rows[-1], flush=True)
    if args.json:
        save(args.json, {"machine": describe(), "steps": args.steps, "batch": args.batch, "rows": rows})


if __name__ == "__main__":
    main()
