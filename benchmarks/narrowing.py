"""Narrow layers of the network by least squares: the start of a narrower one, to be trained on.

    python -m benchmarks.narrowing CONTENT STYLE -o narrow.safetensors [--weights artnet]
        [--width encoder.conv1.conv=32 ...]

Channels of a layer are left out one by one, each time the one that the others can best stand in for where the next
layers read it, and these layers are then refitted (as He et al., arXiv 1707.06168, but chosen backwards, and from
second moments alone). What the layers read is recorded while photos of the folder CONTENT are painted like pictures of
STYLE, in as many passes as the network has.
"""

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

import pruning
from artnet.model.checkpoint import load_checkpoint, save_checkpoint
from artnet.model.network import ArtNet
from artnet.pruning import painting_batches, rebuilt
from artnet.training.data import PictureFolder
from pruning.graph.cutting import cut
from pruning.graph.structure import ChannelGroup

WIDTHS = {
    "encoder.conv1.conv": 32,
    "encoder.inception3b.branch2.1.conv": 48,
    "decoder.conv8.conv": 48,
    "decoder.conv4.conv": 24,
}
RIDGE = 1e-6  # of the mean variance
Pairs = Iterable[tuple[Tensor, Tensor]]


@dataclass
class Reader:
    """A convolution that reads a group's channels, and their moments there.

    Attributes:
        inputs: (C,) which inputs of the convolution they are.
        mean, covariance: (C,) and (C, C) of what it reads.
        energy: (C, C) inner products of its weights for each two of them.
    """

    conv: nn.Conv2d
    inputs: Tensor
    mean: Tensor
    covariance: Tensor
    energy: Tensor

    def stand_in(self, kept: Sequence[int]) -> tuple[Tensor, float]:
        """(C, len(kept)) regression of all channels on the kept ones, and the share of the reader's power it misses."""
        of_kept = self.covariance[kept]
        square = of_kept[:, kept]
        square = square + RIDGE * square.diagonal().mean() * torch.eye(len(kept), dtype=square.dtype)
        regression = torch.linalg.solve(square, of_kept).T
        missed = (self.energy * (self.covariance - regression @ of_kept)).sum()
        return regression, float(missed / (self.energy * self.covariance).sum())

    def refit(self, kept: Sequence[int]) -> None:
        """Change the convolution, which still has all inputs, to make up for the channels that are not kept."""
        regression, _ = self.stand_in(kept)
        assert self.conv.bias is not None
        weight, bias = self.conv.weight.detach(), self.conv.bias.detach()
        own = weight.double()[:, self.inputs]
        offset = self.mean - regression @ self.mean[kept]
        weight[:, self.inputs[kept]] = torch.einsum("oikl,ij->ojkl", own, regression).float()
        bias += torch.einsum("oikl,i->o", own, offset).float()


def readers_of(network: ArtNet, group: ChannelGroup, pairs: Pairs) -> list[Reader]:
    """The group's readers, with the moments of what they read while the network paints."""
    found, sums = [], []
    for member in group.members:
        if member.side == "in":
            order = member.channel.argsort()
            found.append((network.get_submodule(member.layer), torch.from_numpy(member.local[order])))
    hooks = []
    for conv, inputs in found:
        total: list[Tensor] = [torch.zeros(()), torch.zeros(()), torch.zeros(())]
        sums.append(total)

        def add(_: nn.Module, given: tuple[Tensor], inputs: Tensor = inputs, total: list[Tensor] = total) -> None:
            x = given[0][:, inputs].movedim(1, -1).flatten(0, -2).double()
            for i, term in enumerate((torch.tensor(len(x)), x.sum(0), x.T @ x)):
                total[i] = total[i] + term

        hooks.append(conv.register_forward_pre_hook(add))
    with torch.no_grad():
        for photos, paintings in pairs:
            network(photos, paintings)
    for hook in hooks:
        hook.remove()
    readers = []
    for (conv, inputs), (count, first, second) in zip(found, sums, strict=True):
        assert isinstance(conv, nn.Conv2d)
        own = conv.weight.detach().double()[:, inputs]
        mean, energy = first / count, torch.einsum("oikl,ojkl->ij", own, own)
        readers.append(Reader(conv, inputs, mean, second / count - mean[:, None] * mean, energy))
    return readers


def least_missed(readers: Sequence[Reader], channels: int, width: int) -> tuple[list[int], float]:
    """Which channels to keep, left out one by one, and what the readers then miss."""
    kept, missed = list(range(channels)), 0.0
    while len(kept) > width:
        without = [[c for c in kept if c != out] for out in kept]
        losses = [sum(reader.stand_in(rest)[1] for reader in readers) for rest in without]
        missed = min(losses)
        kept = without[losses.index(missed)]
    return kept, missed


def narrowed(network: ArtNet, layer: str, width: int, pairs: Pairs) -> tuple[ArtNet, float]:
    """A network with `width` channels in a layer, and the share of its readers' power that is missed.

    The readers of the network given are refitted too.
    """
    side = 4 * network.config.stride
    traced = pruning.trace(network, torch.rand(1, 3, side, side))
    group = next(g for g in traced.network.groups.values() if layer in g.producers)
    readers = readers_of(network, group, pairs)
    kept, missed = least_missed(readers, group.channels, width)
    for reader in readers:
        reader.refit(kept)
    removed = [c for c in range(group.channels) if c not in kept]
    return rebuilt(cut(network, traced.network, {group.name: removed})), missed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("content", type=Path)
    parser.add_argument("style", type=Path)
    parser.add_argument("--weights", default="artnet")
    parser.add_argument("--width", nargs="+", metavar="LAYER=N", help=f"default: {WIDTHS}")
    parser.add_argument("--pictures", type=int, default=60, help="photos and paintings to look at (default: 60)")
    parser.add_argument("--size", type=int, default=256, help="their side in pixels (default: 256)")
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    widths = dict(each.rsplit("=", 1) for each in args.width) if args.width else WIDTHS
    folders = PictureFolder(args.content), PictureFolder(args.style)
    pairs = list(painting_batches(*folders, pictures=args.pictures, size=args.size))
    network = load_checkpoint(args.weights).eval()
    for layer, width in widths.items():
        network, missed = narrowed(network, layer, int(width), pairs)
        print(f"{layer}: {width} channels, {missed:.4f} of the next layers' power missed", flush=True)
    save_checkpoint(network, args.output, half=False)


if __name__ == "__main__":
    main()
