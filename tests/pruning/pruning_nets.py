"""Tiny networks, one per graph pattern, with channels that can be emptied."""

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.googlenet import Inception


def conv(into: int, out: int, **options: object) -> nn.Conv2d:
    return nn.Conv2d(into, out, 3, padding=1, **options)  # type: ignore[arg-type]


def chain() -> nn.Module:
    return nn.Sequential(conv(3, 8), nn.ReLU(), nn.MaxPool2d(2), conv(8, 6), nn.ReLU(inplace=True), conv(6, 2))


def bn_chain() -> nn.Module:
    return nn.Sequential(conv(3, 8), nn.BatchNorm2d(8), nn.ReLU(), conv(8, 6), nn.BatchNorm2d(6), nn.ReLU(), conv(6, 2))


class Net(nn.Module):
    """Two convolutions a (3 to 8) and b, and any function of them."""

    def __init__(self, function, into=8, **modules):
        super().__init__()
        self.a, self.b, self.function = conv(3, 8), conv(into, 2), function
        for name, module in modules.items():
            self.add_module(name, module)

    def forward(self, x):
        return self.function(self, x)


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.a, self.b, self.norm = conv(3, 8), conv(8, 6), conv(6, 8), nn.BatchNorm2d(8)
        self.head = conv(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.stem(x))
        return self.head(F.relu(x + self.norm(self.b(F.relu(self.a(x))))))


class CascadedConcat(nn.Module):
    """Dense connections: every layer reads all earlier ones through nested concatenations."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c, self.head = conv(3, 5), conv(8, 4), conv(12, 6), conv(18, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.cat([x, F.relu(self.a(x))], 1)
        x = torch.cat([F.relu(self.b(x)), x], 1)
        return self.head(torch.cat([x, F.relu(self.c(x))], 1))


class Flatten(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = conv(3, 6), conv(6, 4)
        self.hidden, self.head = nn.Linear(4 * 8 * 8, 10), nn.Linear(10, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.b(F.max_pool2d(F.relu(self.a(x)), 2))), 2)
        return self.head(F.relu(self.hidden(x.flatten(1))))


class UNet(nn.Module):
    """Skip concatenations, also with the picture itself; nearest upsampling and reflection padding."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = conv(3, 6, padding_mode="reflect"), conv(6, 8, stride=2, padding_mode="reflect")
        self.up, self.head = conv(14, 5, padding_mode="reflect"), conv(8, 3, padding_mode="reflect")

    def forward(self, x: Tensor) -> Tensor:
        a = F.relu(self.a(x))
        b = F.interpolate(F.relu(self.b(a)), scale_factor=2, mode="nearest")
        return self.head(torch.cat([F.relu(self.up(torch.cat([a, b], 1))), x], 1))


def inception() -> nn.Module:
    return nn.Sequential(Inception(3, 6, 4, 8, 3, 5, 4), Inception(23, 4, 3, 5, 2, 3, 2), conv(14, 2))


class ConcatSum(nn.Module):
    """A sum of a concatenation and a layer: one layer's channels lie in two groups."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c, self.head = conv(3, 4), conv(3, 5), conv(3, 9), conv(9, 2)

    def forward(self, x: Tensor) -> Tensor:
        parts = torch.cat([F.relu(self.a(x)), F.relu(self.b(x))], 1)
        return self.head(parts + F.relu(self.c(x)))


class Decoder(nn.Module):
    """Transposed and depthwise convolutions, PReLU and two inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.head = conv(3, 8), nn.ConvTranspose2d(8, 6, 2, stride=2), nn.Conv2d(6, 2, 1)
        self.depthwise, self.prelu = conv(8, 8, groups=8), nn.PReLU(6)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        h = F.relu(self.depthwise(F.relu(self.a(x + y))))
        return self.head(self.prelu(F.relu(self.b(h))))


Emptied = Mapping[str, Sequence[int]]
PATTERNS: dict[str, tuple[type[nn.Module] | object, Emptied]] = {
    "chain": (chain, {"0": [0, 5], "3": [2]}),
    "bn_chain": (bn_chain, {"0": [1, 2, 7], "3": [0]}),
    "residual": (Residual, {"stem": [1, 6], "a": [3, 4], "b": [1, 6]}),
    "cascaded_concat": (CascadedConcat, {"a": [0, 3], "b": [2], "c": [1, 5]}),
    "flatten": (Flatten, {"a": [5], "b": [0, 2], "hidden": [4, 9]}),
    "unet": (UNet, {"a": [0, 1], "b": [3, 7], "up": [4]}),
    "inception": (
        inception,
        {"0.branch1.conv": [0], "0.branch2.1.conv": [2, 7], "0.branch3.1.conv": [4], "0.branch4.1.conv": [1, 3],
         "0.branch2.0.conv": [1], "1.branch3.1.conv": [0, 2]},
    ),
}  # fmt: skip


def build(pattern: str, *, emptied: bool = True) -> nn.Module:
    """The network in evaluation mode with random weights and, if asked, its channels emptied."""
    torch.manual_seed(0)
    factory, channels = PATTERNS[pattern]
    model = factory().eval()  # type: ignore[operator]
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.running_mean, std=0.1)  # type: ignore[arg-type]
        if getattr(module, "bias", None) is not None:
            lift = 10 if isinstance(module, nn.Linear) else 1
            nn.init.uniform_(module.bias, lift, 2 * lift)  # so that no other channel is empty by chance
    if emptied:
        empty(model, channels)
    return model


@torch.no_grad()
def empty(model: nn.Module, channels: Emptied) -> None:
    """Silence channels as training does: their value before the ReLU is negative for every picture."""
    modules = dict(model.named_modules())
    after = dict(zip(modules, list(modules.values())[1:], strict=False))
    for name, index in channels.items():
        layer = modules[name]
        layer.weight[index] = 0  # type: ignore[index,operator]
        if layer.bias is not None:
            layer.bias[index] = 0  # type: ignore[index,operator]
        biased = after[name] if isinstance(after.get(name), nn.BatchNorm2d) else layer
        biased.bias[index] = -1.0  # type: ignore[index,operator]


def pictures(count: int = 4, size: int = 32, seed: int = 1) -> Tensor:
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(seed))
