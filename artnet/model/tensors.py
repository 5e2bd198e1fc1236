"""From pixels to tensors and back, and the brightness of tensors."""

from typing import TYPE_CHECKING

import numpy as np

from artnet.image.compose import LUMA
from artnet.image.pixels import PictureError

if TYPE_CHECKING:
    import torch


def to_tensor(rgb: np.ndarray) -> "torch.Tensor":
    """(H, W, 3) uint8 -> (1, 3, H, W) float32 in [0, 1].

    Raises:
        PictureError: another shape or type.
    """
    import torch

    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3:
        raise PictureError(f"a picture must be (H, W, 3) uint8, not {rgb.shape} {rgb.dtype}")
    chw = np.ascontiguousarray(rgb.transpose(2, 0, 1), dtype=np.float32)
    return torch.from_numpy(chw)[None] / 255


def to_rgb(tensor: "torch.Tensor") -> np.ndarray:
    """(1, 3, H, W) float in [0, 1] -> (H, W, 3) uint8, rounded; values outside are clamped.

    Raises:
        PictureError: another shape.
    """
    import torch

    if tensor.ndim != 4 or tensor.shape[:2] != (1, 3):
        raise PictureError(f"one picture as a tensor must be (1, 3, H, W), not {tuple(tensor.shape)}")
    levels = tensor.detach()[0].float().clamp(0, 1).mul(255).round().to(torch.uint8)
    return levels.permute(1, 2, 0).contiguous().cpu().numpy()


def luma(pictures: "torch.Tensor") -> "torch.Tensor":
    """(N, 3, H, W) -> (N, 1, H, W), in the pictures' own range."""
    return (pictures * pictures.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)
