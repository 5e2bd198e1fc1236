"""Channel gates: every channel is multiplied by a number in (0, 1) that the network computes from all channels.

Features are (N, C, ...) with any number of positions behind the channels: (N, C, T), (N, C, H, W), or none at all.
"""

import math

from torch import Tensor, nn


class ChannelGate(nn.Module):
    """Base of the gates: (N, C, ...) -> the same, channel c multiplied by its gate.

    A subclass defines `logits`; the gates are their logistic function.

    Args:
        channels: C.

    Raises:
        ValueError: channels below 1.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        if channels < 1:
            raise ValueError(f"a gate needs at least one channel, got {channels}")
        self._channels = channels
        self.sigmoid = nn.Sigmoid()  # a module, so that the gates can be watched by a hook

    @property
    def channels(self) -> int:
        """C; of a gate with layers as wide as its channels, what pruning left of them."""
        return self._channels

    def logits(self, x: Tensor) -> Tensor:
        """(N, C, ...) -> (N, C), any real numbers."""
        raise NotImplementedError

    def gates(self, x: Tensor) -> Tensor:
        """(N, C, ...) -> (N, C) in (0, 1).

        Raises:
            ValueError: the features do not have C channels.
        """
        if x.ndim < 2 or x.shape[1] != self.channels:
            raise ValueError(f"the gate was made for (N, {self.channels}, ...) features, got {tuple(x.shape)}")
        return self.sigmoid(self.logits(x))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gates(x).view(*x.shape[:2], *[1] * (x.ndim - 2))


class _BottleneckGate(ChannelGate):
    """A gate with two linear layers."""

    def __init__(self, channels: int, reduction: float = 16) -> None:
        super().__init__(channels)
        self.mlp = bottleneck(channels, reduction)

    @property
    def channels(self) -> int:
        return self.mlp[-1].out_features  # type: ignore[return-value]


class SqueezeExcitation(_BottleneckGate):
    """sigmoid(W2 relu(W1 mean(x))): squeeze-and-excitation (arXiv 1709.01507).

    Args:
        channels: C.
        reduction: the hidden layer has C / reduction channels, at least 1.
    """

    def logits(self, x: Tensor) -> Tensor:
        return self.mlp(positions(x).mean(2))


class CBAMChannel(_BottleneckGate):
    """sigmoid(MLP(mean(x)) + MLP(max(x))), one shared MLP: the channel half of CBAM (arXiv 1807.06521).

    Args:
        channels: C.
        reduction: the hidden layer has C / reduction channels, at least 1.
    """

    def logits(self, x: Tensor) -> Tensor:
        rows = positions(x)
        return self.mlp(rows.mean(2)) + self.mlp(rows.amax(2))


class EfficientChannelAttention(ChannelGate):
    """sigmoid of a short convolution along the channel index of mean(x): ECA (arXiv 1910.03151).

    Neighbours in the channel order share weights, so the order has to mean something.

    Args:
        channels: C.
        kernel: odd length of the convolution; None takes the authors' rule, t = int(|log2(C) + 1| / 2) made odd, at
            least 3 (as in timm).

    Raises:
        ValueError: an even kernel or one below 1.
    """

    def __init__(self, channels: int, kernel: int | None = None) -> None:
        super().__init__(channels)
        size = eca_kernel(channels) if kernel is None else kernel
        if size < 1 or size % 2 == 0:
            raise ValueError(f"the kernel must be an odd number from 1 on, got {size}")
        self.conv = nn.Conv1d(1, 1, size, padding=size // 2, bias=False)

    def logits(self, x: Tensor) -> Tensor:
        return self.conv(positions(x).mean(2).unsqueeze(1)).squeeze(1)


def eca_kernel(channels: int) -> int:
    """Length of ECA's convolution: 3 for 14 to 64 channels, 5 for 256."""
    size = int(abs(math.log2(channels) + 1) / 2)
    return max(size + (size % 2 == 0), 3)


def positions(x: Tensor) -> Tensor:
    """(N, C, ...) -> (N, C, all positions in a row)."""
    return x.reshape(*x.shape[:2], -1)


def bottleneck(channels: int, reduction: float) -> nn.Sequential:
    """Two linear layers with a ReLU between, C -> C / reduction -> C.

    Raises:
        ValueError: a reduction that is not above 0.
    """
    if not reduction > 0:
        raise ValueError(f"reduction must be above 0, got {reduction}")
    hidden = max(1, round(channels / reduction))
    return nn.Sequential(nn.Linear(channels, hidden), nn.ReLU(), nn.Linear(hidden, channels))
