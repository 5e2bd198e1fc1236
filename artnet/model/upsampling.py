"""Upsampling folded into the 3x3 convolution that follows it: the same picture from a quarter of the positions.

Every second pixel of a row of a twice-upsampled picture, a phase, is the same weighted sum of three of its neighbours
before upsampling. So a convolution of the upsampled picture is a convolution of the picture itself with four times the
outputs, one for each phase of rows and columns, in the order of `torch.nn.functional.pixel_shuffle`. Nothing of full
size is computed but the outputs. At the border, where a convolution of the upsampled picture reflects it, the
folded one repeats the picture's edge: the outermost pixels differ by a little.
"""

import numpy as np

# [phase, tap of the kernel, neighbour before upsampling]
_UPSAMPLED_TAPS = {
    "nearest": [[[1, 0, 0], [0, 1, 0], [0, 1, 0]], [[0, 1, 0], [0, 1, 0], [0, 0, 1]]],
    "bilinear": [
        [[0.75, 0.25, 0], [0.25, 0.75, 0], [0, 0.75, 0.25]],
        [[0.25, 0.75, 0], [0, 0.75, 0.25], [0, 0.25, 0.75]],
    ],
}
# [phase, tap of the kernel, phase that it reads, neighbour that it reads there]
_PHASE_TAPS = [
    [[[0, 0, 0], [1, 0, 0]], [[0, 1, 0], [0, 0, 0]], [[0, 0, 0], [0, 1, 0]]],
    [[[0, 1, 0], [0, 0, 0]], [[0, 0, 0], [0, 1, 0]], [[0, 0, 1], [0, 0, 0]]],
]


def upsampled_kernel(weight: np.ndarray, upsampling: str) -> np.ndarray:
    """A kernel (4 O, C, 3, 3) that does to a picture what (O, C, 3, 3) does to it upsampled ('bilinear', 'nearest')."""
    taps = np.array(_UPSAMPLED_TAPS[upsampling])
    folded = np.einsum("ocij,pim,qjn->opqcmn", weight, taps, taps)
    return _as_kernel(folded, 4 * weight.shape[0])


def phases_kernel(weight: np.ndarray) -> np.ndarray:
    """A kernel (4 O, 4 C, 3, 3) that does to the phases of a picture what (O, C, 3, 3) does to the picture."""
    taps = np.array(_PHASE_TAPS)
    folded = np.einsum("ocij,piam,qjbn->opqcabmn", weight, taps, taps)
    return _as_kernel(folded, 4 * weight.shape[0])


def phases_bias(bias: np.ndarray) -> np.ndarray:
    """(O,) -> (4 O,): each phase has the same."""
    return bias.repeat(4)


def _as_kernel(folded: np.ndarray, outputs: int) -> np.ndarray:
    return np.ascontiguousarray(folded.reshape(outputs, -1, 3, 3), dtype=np.float32)
