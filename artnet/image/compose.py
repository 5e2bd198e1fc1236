"""Mixing a stylized picture with its content: at low strengths, for the content's own colours, or by a mask."""

import numpy as np

from artnet.image.strips import in_strips

LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
"""Of red, green and blue: ITU-R BT.601, as in JPEG and in Pillow's "L"."""
FADING = 0.2
"""Strength below which the content itself shows through. What the network paints at 0 is the content rebuilt, its
detail exaggerated; who asks for nothing wants the content."""


def preserve_color(content_rgb: np.ndarray, stylized_rgb: np.ndarray) -> np.ndarray:
    """Take brightness from the stylized picture and colour from the content.

    Luma comes from `stylized_rgb` and chroma (the distance of R, G and B from luma, the plane that YCbCr and YIQ
    span) from `content_rgb`. Where both together leave the RGB cube, chroma is scaled down, so that neither luma nor
    hue changes, as they would by clipping.

    Args:
        content_rgb: (H, W, 3) uint8.
        stylized_rgb: (H, W, 3) uint8, of the same size.

    Raises:
        ValueError: the sizes differ.
    """
    _check_same_shape(content_rgb, stylized_rgb)

    def recolored(content: np.ndarray, stylized: np.ndarray) -> np.ndarray:
        luma = (stylized @ LUMA)[..., None]
        chroma = content - (content @ LUMA)[..., None]
        room = np.where(chroma > 0, 255 - luma, luma)
        fit = (room / np.maximum(np.abs(chroma), 1e-3)).min(axis=2, keepdims=True)
        return luma + chroma * np.minimum(fit, 1)

    return in_strips(recolored, content_rgb, stylized_rgb)


def faded(content_rgb: np.ndarray, stylized_rgb: np.ndarray, strength: float) -> np.ndarray:
    """The content at strength 0, the stylized picture from `FADING` on, and a mix of both between.

    Args:
        content_rgb: (H, W, 3) uint8.
        stylized_rgb: (H, W, 3) uint8, of the same size.
        strength: 0..1.

    Raises:
        ValueError: the sizes differ.
    """
    return mixed(content_rgb, stylized_rgb, min(1.0, strength / FADING))


def mixed(first_rgb: np.ndarray, second_rgb: np.ndarray, share: float) -> np.ndarray:
    """So much of the second picture, 0..1, and the rest of the first, both (H, W, 3) uint8.

    Raises:
        ValueError: the sizes differ.
    """
    _check_same_shape(first_rgb, second_rgb)
    if share == 1:
        return second_rgb
    return in_strips(lambda first, second: first * (1 - share) + second * share, first_rgb, second_rgb)


def blend(content_rgb: np.ndarray, stylized_rgb: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Keep the content where the mask is black, the stylized picture where it is white, and mix both between.

    Args:
        content_rgb: (H, W, 3) uint8.
        stylized_rgb: (H, W, 3) uint8, of the same size.
        mask: (H, W) uint8.

    Raises:
        ValueError: the sizes differ.
    """
    _check_same_shape(content_rgb, stylized_rgb)
    _check_same_shape(content_rgb[..., 0], mask)

    def mixed(content: np.ndarray, stylized: np.ndarray, part: np.ndarray) -> np.ndarray:
        weight = part[..., None].astype(np.float32) / 255
        return content * (1 - weight) + stylized * weight

    return in_strips(mixed, content_rgb, stylized_rgb, mask)


def _check_same_shape(first: np.ndarray, second: np.ndarray) -> None:
    if first.shape != second.shape:
        raise ValueError(f"the pictures must have the same size, but their shapes are {first.shape} and {second.shape}")
