"""How near two pictures are."""

import numpy as np


def psnr(first: np.ndarray, second: np.ndarray) -> float:
    """In dB, of two (H, W, 3) uint8 arrays; 138 where they are equal."""
    error = np.square(first.astype(np.float64) - second).mean()
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def in_words(first: np.ndarray, second: np.ndarray) -> str:
    """'the same pixels', or how many dB they are apart."""
    return "the same pixels" if np.array_equal(first, second) else f"{psnr(first, second):.1f} dB"
