"""How many channels are empty on every picture: ArtNet by layer, with a VGG16 trunk as the control.

    python -m benchmarks.zero_channels CONTENT STYLE --vgg FILE [--weights artnet-dense] [--pictures 200]

A channel is empty when its largest activation after the ReLU is 0 on all pictures (crops of 256 px). A claim of empty
channels needs the control: what a network that nobody made sparse shows on the same pictures tells what a count proves.
"""

from pathlib import Path

import torch

import pruning
from apps.benchmark.timing import save
from artnet.model.checkpoint import load_checkpoint
from artnet.pruning import painting_batches, record, shrink
from artnet.training.data import PictureFolder
from artnet.training.losses import VGGTrunk
from benchmarks.arguments import folders_parser


class Trunk(torch.nn.Module):
    """The trunk's layers as one sequence, fed as the trunk feeds them."""

    def __init__(self, trunk: VGGTrunk):
        super().__init__()
        self.trunk = trunk

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        return self.trunk(picture)[-1]


def control(vgg: Path, pictures: list[torch.Tensor]) -> list[dict[str, object]]:
    """Channels and empty channels of every convolution of the VGG16 trunk but its last, which is its output."""
    trunk = Trunk(VGGTrunk(vgg).requires_grad_(True))
    statistics = pruning.record(trunk, torch.rand(1, 3, 64, 64), pictures).outputs
    return [
        {"layer": name, "channels": len(s.maximum), "empty": int((s.maximum == 0).sum())}
        for name, s in statistics.items()
    ]


def main() -> None:
    parser = folders_parser(__doc__, weights="artnet-dense")
    parser.add_argument("--pictures", type=int, default=200)
    args = parser.parse_args()
    folders = [PictureFolder(args.content), PictureFolder(args.style)]
    network = load_checkpoint(args.weights)
    statistics = record(network, painting_batches(*folders, pictures=args.pictures, size=256))
    _, plan = shrink(network, statistics)
    table = pruning.layer_table(network, plan)
    print(pruning.format_table(table))
    pairs = painting_batches(*folders, pictures=args.pictures, size=256)
    vgg = control(args.vgg, [picture for pair in pairs for picture in pair])
    print(f"\ncontrol: VGG16 trunk, {2 * args.pictures} pictures")
    for row in vgg:
        print(f"{row['layer']:24} {row['channels']:5} channels, {row['empty']:4} empty")
    if args.json:
        save(args.json, {"pictures": args.pictures, "weights": args.weights, "artnet": table, "vgg16": vgg})


if __name__ == "__main__":
    main()
