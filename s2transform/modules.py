"""Module forms of the transforms, for networks that hold them as layers."""

from typing import Any

from torch import Tensor, nn

from s2transform.moments import adain
from s2transform.sandwich import s2
from s2transform.swap import style_swap
from s2transform.whitening import wct


class AdaIN(nn.Module):
    """Module form of `adain`."""

    def forward(self, content: Tensor, style: Tensor) -> Tensor:
        return adain(content, style)


class WCT(nn.Module):
    """Module form of `wct`."""

    def forward(self, content: Tensor, style: Tensor) -> Tensor:
        return wct(content, style)


class StyleSwap(nn.Module):
    """Module form of `style_swap`; the keyword options are kept."""

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.options = options

    def forward(self, content: Tensor, style: Tensor) -> Tensor:
        return style_swap(content, style, **self.options)


class S2(nn.Module):
    """Module form of `s2`; the keyword options are kept."""

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.options = options

    def forward(self, content: Tensor, style: Tensor) -> Tensor:
        return s2(content, style, **self.options)
