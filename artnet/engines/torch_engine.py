"""The network on torch: a CPU or a CUDA device, in the number format that is fastest there."""

import numpy as np
import torch
from torch import Tensor

from artnet.engines import DEVICES
from artnet.engines.base import NOTHING_HELD, Held, Look, Statistics, pad_edges
from artnet.model.network import ArtNet, Features, StyleLevels
from artnet.model.precision import pick_dtype
from artnet.model.slots import Slot
from artnet.model.tensors import to_rgb, to_tensor
from s2transform.moments import Moments, channel_moments


def pick_device(name: str) -> torch.device:
    """'auto' is CUDA where there is one. Raises ValueError on unknown names and on 'cuda' without one."""
    if name not in DEVICES:
        raise ValueError(f"device must be one of {', '.join(DEVICES)}, got {name!r}")
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("device cuda: this machine (or this build of torch) has no CUDA device; use cpu or auto")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


class TorchEngine:
    """Runs an ArtNet on torch. Without gradients, but not in inference mode, whose tensors torch.compile refuses.

    Args:
        network: its copy is folded, moved to the device and converted.
        device: 'auto', 'cpu' or 'cuda'.
        dtype: forced number format; None picks.
    """

    whole_pixels = 2048 * 2048

    def __init__(self, network: ArtNet, device: str = "auto", dtype: torch.dtype | None = None):
        self.streams = 1
        self.device = pick_device(device)
        picked, why = pick_dtype(self.device)
        self.dtype = dtype or picked
        self.choice = f"torch on {self.device.type}, {str(self.dtype).removeprefix('torch.')}" + (
            f" ({why})" if dtype is None else ""
        )
        self.network = network.eval().folded().to(self.device, self.dtype).to(memory_format=torch.channels_last)
        self.config, self.stride = network.config, network.config.stride

    @torch.no_grad()
    def prepare(self, rgb: np.ndarray) -> StyleLevels:
        """The moments and patches of a style, level by level."""
        return self.network.prepare(self.network.encode(self.tensor(rgb)))

    @torch.no_grad()
    def paint(self, rgb: np.ndarray, look: Look, held: Held | None = None) -> tuple[np.ndarray, Statistics]:
        """See `Engine.paint`."""
        moved, used = self.transferred(rgb, look, held or NOTHING_HELD)
        height, width = rgb.shape[:2]
        painted = to_rgb(self.network.decode(moved)[..., :height, :width].float().cpu())
        return painted, used if held else {}

    @torch.no_grad()
    def paint_batch(self, rgbs: np.ndarray, look: Look) -> np.ndarray:
        """Paint (N, H, W, 3) uint8 pictures of one size at once, each by its own statistics; the same shape."""
        padded = np.stack([pad_edges(rgb, self.stride) for rgb in rgbs])
        painted = self.paint_pixels(torch.from_numpy(padded).to(self.device), look)
        return painted[:, : rgbs.shape[1], : rgbs.shape[2]].cpu().numpy()

    @torch.no_grad()
    def paint_pixels(self, pixels: Tensor, look: Look) -> Tensor:
        """`paint_batch` on the device: (N, H, W, 3) uint8 with sides that are multiples of the stride, painted."""
        features = self.network.encode(pixels.permute(0, 3, 1, 2).float() / 255)
        moved = self.network.transfer(
            features, look.style.parts, look.style.weights, method=look.transfer, strength=look.strength
        )
        levels = self.network.decode(moved).float().clamp(0, 1).mul(255).round()
        return levels.to(torch.uint8).permute(0, 2, 3, 1)

    @torch.no_grad()
    def measure(self, rgb: np.ndarray, look: Look) -> Statistics:
        """See `Engine.measure`."""
        return self.transferred(rgb, look, NOTHING_HELD)[1]

    def transferred(self, rgb: np.ndarray, look: Look, held: Held) -> tuple[Features, Statistics]:
        """What the decoder is fed, and the statistics that were used for it."""
        recall = Recall(held)
        features = self.network.encode(self.tensor(rgb))
        moved = self.network.transfer(
            features,
            look.style.parts,
            look.style.weights,
            method=look.transfer,
            strength=look.strength,
            moments_of=recall,
        )
        return moved, {slot: as_rows(moments) for slot, moments in recall.used.items()}

    def tensor(self, rgb: np.ndarray) -> Tensor:
        """(1, 3, H, W) in [0, 1] on the device, both sides multiples of the stride."""
        return to_tensor(pad_edges(rgb, self.stride)).to(self.device, memory_format=torch.channels_last)


class Recall:
    """Moments for a transfer: the features' own, mixed with held ones; all that were used are kept in `used`."""

    def __init__(self, held: Held):
        self.held = held
        self.used: dict[Slot, Moments] = {}

    def __call__(self, slot: Slot, features: Tensor) -> Moments:
        if slot not in self.used:  # a content's moments are the same for every style
            self.used[slot] = self.mixed(slot, features)
        return self.used[slot]

    def mixed(self, slot: Slot, features: Tensor) -> Moments:
        if self.held.share == 0:
            return channel_moments(features)
        mean, std = (torch.from_numpy(row).to(features.device).view(1, -1, 1, 1) for row in self.held.statistics[slot])
        if self.held.share == 1:
            return mean, std
        own = channel_moments(features)
        return torch.lerp(own[0], mean, self.held.share), torch.lerp(own[1], std, self.held.share)


def as_rows(moments: Moments) -> np.ndarray:
    """(2, C) float32 of one picture's moments."""
    return torch.stack([x.flatten() for x in moments]).float().cpu().numpy()
