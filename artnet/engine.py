"""Where the network runs: a torch device and the number format that is fastest there."""

import numpy as np
import torch

from artnet.network import ArtNet, Features, StyleLevels, pad_to_stride
from artnet.pictures import to_rgb, to_tensor

ENGINES = ("auto", "torch")
DEVICES = ("auto", "cpu", "cuda")


def pick_device(name: str) -> torch.device:
    """'auto' is CUDA where there is one. Raises ValueError on unknown names and on 'cuda' without one."""
    if name not in DEVICES:
        raise ValueError(f"device must be one of {', '.join(DEVICES)}, got {name!r}")
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("device cuda: this machine (or this build of torch) has no CUDA device; use cpu or auto")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def pick_dtype(device: torch.device) -> tuple[torch.dtype, str]:
    """The number format to run in, and why: half the bytes where the hardware multiplies them natively."""
    if device.type == "cuda":
        return torch.bfloat16, "the GPU multiplies bfloat16"
    for feature in ("_is_amx_tile_supported", "_is_avx512_bf16_supported"):
        if getattr(torch.cpu, feature, lambda: False)():
            return torch.bfloat16, f"the CPU multiplies bfloat16 ({feature.strip('_').removeprefix('is_')[:-10]})"
    return torch.float32, "the CPU has no bfloat16 multiplication"


class TorchEngine:
    """Runs an ArtNet on torch, between (H, W, 3) uint8 sRGB arrays and features.

    Args:
        network: moved to the device and converted.
        device: 'auto', 'cpu' or 'cuda'.
        dtype: forced number format; None picks.
    """

    def __init__(self, network: ArtNet, device: str = "auto", dtype: torch.dtype | None = None):
        self.device = pick_device(device)
        picked, why = pick_dtype(self.device)
        self.dtype = dtype or picked
        self.choice = f"torch on {self.device.type}, {str(self.dtype).removeprefix('torch.')}" + (
            f" ({why})" if dtype is None else ""
        )
        self.network = network.eval().to(self.device, self.dtype).to(memory_format=torch.channels_last)

    @property
    def stride(self) -> int:
        return self.network.config.stride

    @torch.inference_mode()
    def encode(self, rgb: np.ndarray) -> Features:
        """Features of a picture of any size; its right and bottom edge are repeated up to a multiple of the stride."""
        picture = to_tensor(rgb).to(self.device, memory_format=torch.channels_last)
        return self.network.encode(pad_to_stride(picture, self.stride))

    @torch.inference_mode()
    def prepare(self, features: Features) -> StyleLevels:
        """What a transfer needs of a style's features."""
        return self.network.prepare(features)

    @torch.inference_mode()
    def transfer(
        self, content: Features, styles: list[StyleLevels], weights: list[float], method: str, strength: float
    ) -> Features:
        """The content's features moved to the styles'."""
        return self.network.transfer(content, styles, weights, method=method, strength=strength)

    @torch.inference_mode()
    def decode(self, features: Features, height: int, width: int) -> np.ndarray:
        """(height, width, 3) uint8 picture, cut back to its size before padding."""
        return to_rgb(self.network.decode(features)[..., :height, :width].float().cpu())
