"""Networks that people asked about when a pruning tool failed on them, each in its smallest form, by name.

`CASES` gives for every name a function that makes (network, example inputs); weights are random, pictures 16 pixels
(64 in the networks that pool a lot).
"""

import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import FrozenBatchNorm2d

R = F.relu
Case = Callable[[], tuple[nn.Module, Any]]


def conv(into: int, out: int, size: int = 3, **options: Any) -> nn.Conv2d:
    return nn.Conv2d(into, out, size, padding=size // 2, **options)


def pictures(channels: int = 3, size: int = 16, count: int = 2) -> Tensor:
    return torch.rand(count, channels, size, size, generator=torch.Generator().manual_seed(1))


class Net(nn.Module):
    """Two convolutions a (3 to 8) and b, further modules and parameters, and any function of them."""

    def __init__(self, function: Callable[..., Any], into: int = 8, **parts: Any) -> None:
        super().__init__()
        self.a, self.b, self.function = conv(3, 8), conv(into, 4), function
        for name, part in parts.items():
            if isinstance(part, Tensor) and not isinstance(part, nn.Parameter):
                self.register_buffer(name, part)
            else:
                setattr(self, name, part)

    def forward(self, *args: Any, **named: Any) -> Any:
        return self.function(self, *args, **named)


def net(function: Callable[..., Any], into: int = 8, example: Any = None, **parts: Any) -> Case:
    """A case of a Net; parts are functions that make them."""
    return lambda: (
        Net(function, into, **{name: make() for name, make in parts.items()}),
        pictures() if example is None else example(),
    )


def chain(*between: Callable[[], nn.Module]) -> Case:
    """Convolution, these modules, convolution."""
    return lambda: (nn.Sequential(conv(3, 8), *[make() for make in between], conv(8, 4)), pictures())


def bilinear(m: Net, x: Tensor) -> Tensor:
    h = m.a(x).flatten(2)
    return m.out((h @ h.mT).flatten(1))


def global_context(m: Net, x: Tensor) -> Tensor:
    h = R(m.a(x))
    attention = m.mask(h).flatten(2).softmax(-1)  # (N, 1, HW)
    context = (h.flatten(2) @ attention.mT)[..., None]
    return m.b(h + m.up(R(m.down(context))))


def self_attention(m: Net, x: Tensor) -> Tensor:
    h = R(m.a(x))
    q, k, v = m.q(h).flatten(2), m.k(h).flatten(2), m.v(h).flatten(2)
    return m.b(h + (v @ (q.mT @ k).softmax(-1)).view_as(h))


class C2f(nn.Module):
    """Of YOLOv8; `literal` splits by a number that was fixed when it was built."""

    def __init__(self, literal: bool) -> None:
        super().__init__()
        self.c, self.literal = 4, literal
        self.cv1, self.cv2, self.m = conv(3, 8, 1), conv(12, 6, 1), nn.Sequential(conv(4, 4), nn.SiLU(), conv(4, 4))
        self.out = conv(6, 2)

    def forward(self, x: Tensor) -> Tensor:
        h = self.cv1(x)
        parts = list(h.split((self.c, self.c), 1) if self.literal else h.chunk(2, 1))
        parts.append(self.m(parts[-1]))
        return self.out(R(self.cv2(torch.cat(parts, 1))))


def shuffle(x: Tensor, groups: int) -> Tensor:
    n, c, h, w = x.shape
    return x.view(n, groups, c // groups, h, w).transpose(1, 2).reshape(n, c, h, w)


def in_place_slice(m: Net, x: Tensor) -> Tensor:
    y = torch.zeros(len(x), 16, *x.shape[2:], dtype=x.dtype)
    y[:, :8] = R(m.a(x))
    return m.b(y)


def padded_shortcut(m: Net, x: Tensor) -> Tensor:
    h = R(m.a(x))
    return m.b(R(m.c(h)) + F.pad(h[:, :, ::2, ::2], (0, 0, 0, 0, 4, 4)))


def lora(m: Net, x: Tensor) -> Tensor:
    weight = m.c.weight + (m.up @ m.down).view(m.c.weight.shape)
    return m.b(R(F.conv2d(R(m.a(x)), weight, m.c.bias, padding=1)))


def cost_volume(m: Net, x: Tensor) -> Tensor:
    h = R(m.a(x))
    volume = h.new_zeros(len(h), 16, 3, *h.shape[2:])
    for d in range(3):
        volume[:, :8, d, :, d:] = h[..., d:]
        volume[:, 8:, d, :, d:] = h[..., : h.shape[-1] - d]
    return m.c(volume)


def width_assert(m: Net, x: Tensor) -> Tensor:
    h = R(m.a(x))
    assert h.shape[1] == 8, "eight channels were expected"
    return m.b(h)


def dtype_assert(m: Net, x: Tensor) -> Tensor:
    assert x.dtype == torch.float32
    return m.b(R(m.a(x)))


class WithLock(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lock, self.body = threading.Lock(), nn.Sequential(conv(3, 8), nn.ReLU(), conv(8, 4))

    def forward(self, x: Tensor) -> Tensor:
        with self.lock:
            return self.body(x)


class Attention(nn.Module):
    """A transformer block on 8 channels of tokens."""

    def __init__(self, gelu: Callable[[Tensor], Tensor] = F.gelu) -> None:
        super().__init__()
        self.embed, self.norm, self.second = nn.Linear(6, 8), nn.LayerNorm(8), nn.LayerNorm(8)
        self.qkv, self.proj = nn.Linear(8, 24), nn.Linear(8, 8)
        self.fc1, self.fc2, self.head, self.gelu = nn.Linear(8, 16), nn.Linear(16, 8), nn.Linear(8, 3), gelu

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x)
        n, t, c = x.shape
        q, k, v = self.qkv(self.norm(x)).view(n, t, 3, 2, c // 2).permute(2, 0, 3, 1, 4)
        x = x + self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, t, c))
        x = x + self.fc2(self.gelu(self.fc1(self.second(x))))
        return self.head(x.mean(1))


def mixer() -> nn.Module:
    class Mixer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.norm = nn.Conv2d(3, 8, 4, stride=4), nn.LayerNorm(8)
            self.token1, self.token2 = nn.Linear(16, 12), nn.Linear(12, 16)
            self.fc1, self.fc2, self.head = nn.Linear(8, 16), nn.Linear(16, 8), nn.Linear(8, 3)

        def forward(self, x: Tensor) -> Tensor:
            x = self.embed(x).flatten(2).mT
            x = x + self.token2(F.gelu(self.token1(self.norm(x).mT))).mT
            return self.head((x + self.fc2(F.gelu(self.fc1(x)))).mean(1))

    return Mixer()


class Recurrent(nn.Module):
    def __init__(self, cell: type[nn.Module]) -> None:
        super().__init__()
        self.a, self.c, self.cell, self.head = conv(3, 8), conv(8, 6), cell(6, 5, batch_first=True), nn.Linear(5, 2)

    def forward(self, x: Tensor) -> Tensor:
        h = R(self.c(R(self.a(x)))).mean(2).mT  # (N, W, C)
        return self.head(self.cell(h)[0][:, -1])


@dataclass
class Answer:
    scores: Tensor
    features: dict[str, Tensor]


class OwnAnswer:
    def __init__(self, scores: Tensor) -> None:
        self.scores = scores


def generated(m: Net, x: Tensor) -> Iterator[Tensor]:
    h = R(m.a(x))
    yield m.b(h)
    yield m.c(h)


def masked(m: Net, x: Tensor, mask: Tensor) -> Tensor:
    return m.b(R(m.a(x)) * mask)


def with_flag(m: Net, x: Tensor, flag: bool, other: Tensor | None = None) -> Tensor:
    h = R(m.a(x)) if flag else m.a(x)
    return m.b(h if other is None else h + other)


def weight_normed() -> tuple[nn.Module, Any]:
    model = nn.Sequential(nn.utils.weight_norm(conv(3, 8)), nn.ReLU(), conv(8, 4))
    return model, pictures()


def masked_by_torch() -> tuple[nn.Module, Any]:
    from torch.nn.utils import prune

    model = nn.Sequential(conv(3, 8), nn.ReLU(), conv(8, 4))
    prune.ln_structured(model[0], "weight", 0.5, n=2, dim=0)
    return model, pictures()


def jitted(trace: bool) -> Case:
    def make() -> tuple[nn.Module, Any]:
        model = nn.Sequential(conv(3, 8), nn.ReLU(), conv(8, 4)).eval()
        return (torch.jit.trace(model, pictures()) if trace else torch.jit.script(model)), pictures()

    return make


def unet_concat(m: Net, x: Tensor) -> Tensor:
    low = R(m.c(F.max_pool2d(h := R(m.a(x)), 2)))
    return m.b(torch.cat([h, F.interpolate(low, size=h.shape[2:])], 1))


def res2net(m: Net, x: Tensor) -> Tensor:
    parts = torch.split(R(m.a(x)), 2, 1)
    out, last = [parts[0]], parts[0]
    for layer, part in zip((m.c, m.d, m.e), parts[1:], strict=True):
        last = R(layer(last + part))
        out.append(last)
    return m.b(torch.cat(out, 1))


def ghost(m: Net, x: Tensor) -> Tensor:
    h = R(m.a(x))
    return m.b(torch.cat([h, R(m.c(h))], 1)[:, :16])


def window(m: Net, x: Tensor) -> Tensor:
    h = R(m.a(x)).permute(0, 2, 3, 1)
    n, height, width, c = h.shape
    h = h.view(n, height // 4, 4, width // 4, 4, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, 16, c)
    return m.head(m.fc(h).mean(1))


CASES: dict[str, Case] = {
    "bilinear pooling": net(bilinear, out=lambda: nn.Linear(64, 3)),
    "global context block": net(
        global_context, mask=lambda: nn.Conv2d(8, 1, 1), down=lambda: nn.Conv2d(8, 4, 1), up=lambda: nn.Conv2d(4, 8, 1)
    ),
    "self-attention by products": net(
        self_attention, q=lambda: nn.Conv2d(8, 2, 1), k=lambda: nn.Conv2d(8, 2, 1), v=lambda: nn.Conv2d(8, 8, 1)
    ),
    "PReLU with one parameter": chain(nn.PReLU),
    "PReLU with eight": chain(lambda: nn.PReLU(8)),
    "sigmoid": chain(nn.Sigmoid),
    "softplus": chain(nn.Softplus),
    "exp": net(lambda m, x: m.b(m.a(x).exp())),
    "cos": net(lambda m, x: m.b(m.a(x).cos())),
    "plus one": net(lambda m, x: m.b(m.a(x) + 1)),
    "sigmoid before a normalisation": chain(nn.Sigmoid, lambda: nn.BatchNorm2d(8)),
    "float in forward": net(lambda m, x: m.b(R(m.a(x)).float())),
    "softmax in float": net(lambda m, x: m.b(m.a(x)).float().softmax(1).to(x.dtype)),
    "assert on the type": net(dtype_assert),
    "noise": net(lambda m, x: m.b(R(m.a(x)) + 0.1 * torch.randn_like(m.a(x)))),
    "noise of a shape": net(lambda m, x: m.b((h := R(m.a(x))) + torch.randn(h.shape))),
    "dropout in evaluation": net(lambda m, x: m.b(F.dropout2d(R(m.a(x)), 0.5, training=True))),
    "view to a constant": net(lambda m, x: m.out(R(m.a(x)).view(len(x), 8, -1).mean(2)), out=lambda: nn.Linear(8, 3)),
    "view of an encoding to a constant": net(
        lambda m, x: m.out(F.adaptive_avg_pool2d(R(m.a(x)), 1).view(-1, 8)), out=lambda: nn.Linear(8, 3)
    ),
    "flattened channels last": net(
        lambda m, x: m.out(R(m.a(x)).permute(0, 2, 3, 1).flatten(1)), out=lambda: nn.Linear(8 * 256, 3)
    ),
    "cost volume": net(cost_volume, c=lambda: nn.Conv3d(16, 4, 3, padding=1)),
    "unfold and a convolution": net(
        lambda m, x: m.out(F.unfold(R(m.a(x)), 3, padding=1)), out=lambda: nn.Conv1d(72, 4, 1)
    ),
    "pixel unshuffle": net(lambda m, x: m.b(F.pixel_unshuffle(R(m.a(x)), 2)), 32),
    "pixel shuffle": net(lambda m, x: m.b(F.pixel_shuffle(R(m.a(x)), 2)), 2),
    "module of channel shuffle": chain(lambda: nn.ChannelShuffle(2)),
    "slice written in place": net(in_place_slice, 16),
    "slice added in place": net(lambda m, x: m.b(_added(R(m.a(x)), m.c(x))), c=lambda: conv(3, 4)),
    "padded shortcut (ResNet-A)": net(padded_shortcut, 16, c=lambda: conv(8, 16, stride=2)),
    "gain times a convolution": net(
        lambda m, x: m.b(F.conv2d(R(m.a(x)), m.c.weight * m.gain, padding=1)),
        c=lambda: conv(8, 8), gain=lambda: nn.Parameter(torch.rand(8, 1, 1, 1)),
    ),
    "low-rank addition (LoRA)": net(
        lora, c=lambda: conv(8, 8), up=lambda: nn.Parameter(torch.randn(24, 2)),
        down=lambda: nn.Parameter(torch.randn(2, 24)),
    ),
    "frozen normalisation": chain(lambda: FrozenBatchNorm2d(8)),
    "buffer of channel length": net(lambda m, x: m.b(R(m.a(x)) * m.s), s=lambda: torch.rand(1, 8, 1, 1)),
    "layer scale": net(
        lambda m, x: m.b((h := R(m.a(x))) + m.s[:, None, None] * m.c(h)), c=lambda: conv(8, 8),
        s=lambda: nn.Parameter(torch.full((8,), 1e-6)),
    ),
    "local response normalisation": chain(lambda: nn.LocalResponseNorm(3)),
    "assert on the width": net(width_assert),
    "C2f by numbers": lambda: (C2f(True), pictures()),
    "C2f by chunk": lambda: (C2f(False), pictures()),
    "GRU after a convolution": lambda: (Recurrent(nn.GRU), pictures()),
    "LSTM after a convolution": lambda: (Recurrent(nn.LSTM), pictures()),
    "pooling with channels last": net(
        lambda m, x: m.out(F.adaptive_avg_pool2d(R(m.a(x)).to(memory_format=torch.channels_last), 1).flatten(1)),
        out=lambda: nn.Linear(8, 3),
    ),
    "grouped transposed convolution": net(
        lambda m, x: m.b(R(m.c(R(m.a(x))))), 6, c=lambda: nn.ConvTranspose2d(8, 6, 2, stride=2, groups=2)
    ),
    "gated linear unit": net(lambda m, x: m.b(F.glu(m.c(R(m.a(x))), 1)), c=lambda: conv(8, 16)),
    "split in three": net(
        lambda m, x: m.b(torch.mul(*(p := m.c(R(m.a(x))).chunk(3, 1))[:2]) + p[2]), c=lambda: conv(8, 24)
    ),
    "channel shuffle by view": net(lambda m, x: m.b(shuffle(R(m.a(x)), 2))),
    "shuffle with a chunk": net(
        lambda m, x: m.b(shuffle(torch.cat([(p := R(m.a(x)).chunk(2, 1))[0], R(m.c(p[1]))], 1), 2)),
        c=lambda: conv(4, 4),
    ),
    "res2net block": net(res2net, c=lambda: conv(2, 2), d=lambda: conv(2, 2), e=lambda: conv(2, 2)),
    "ghost module": net(ghost, 16, c=lambda: conv(8, 8, groups=8)),
    "skip connection (U-Net)": net(unet_concat, 20, c=lambda: conv(8, 12)),
    "windows of tokens": net(window, fc=lambda: nn.Linear(8, 12), head=lambda: nn.Linear(12, 3)),
    "MLP on tokens": lambda: (
        nn.Sequential(nn.Linear(6, 16), nn.GELU(), nn.Linear(16, 12), nn.GELU(), nn.Linear(12, 4)),
        torch.rand(2, 5, 6),
    ),
    "transformer block": lambda: (Attention(), torch.rand(2, 5, 6)),
    "torch's transformer layer": lambda: (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), torch.rand(2, 5, 8)),
    "mixer": lambda: (mixer(), pictures()),
    "group normalisation": chain(lambda: nn.GroupNorm(2, 8), nn.ReLU),
    "layer normalisation": net(
        lambda m, x: m.b(m.n(R(m.a(x)).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)), n=lambda: nn.LayerNorm(8)
    ),
    "dict of inputs": net(
        lambda m, image, scale=1.0: m.b(R(m.a(image)) * scale), example=lambda: {"image": pictures(), "scale": 2.0}
    ),
    "list of inputs": net(
        lambda m, xs: [m.b(R(m.a(x[None]))) for x in xs], example=lambda: ([pictures()[0], pictures()[1]],)
    ),
    "several inputs": net(
        lambda m, x, y: m.b(R(m.a(x)) + R(m.c(y))), c=lambda: conv(3, 8), example=lambda: (pictures(), pictures())
    ),
    "integer input": lambda: (
        nn.Sequential(nn.Embedding(10, 6), nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 4)),
        torch.tensor([[1, 2, 3], [4, 5, 6]]),
    ),
    "flag and None as inputs": net(with_flag, example=lambda: (pictures(), True, None)),
    "mask as second input": net(masked, example=lambda: (pictures(), torch.ones(2, 1, 16, 16))),
    "boolean mask": net(
        lambda m, x, mask: m.b(R(m.a(x)).masked_fill(mask, 0)),
        example=lambda: (pictures(), pictures()[:, :1] > 0.5),
    ),
    "dataclass as output": net(lambda m, x: Answer(m.b(h := R(m.a(x))), {"low": m.c(h)}), c=lambda: conv(8, 2)),
    "own class as output": net(lambda m, x: OwnAnswer(m.b(R(m.a(x))))),
    "generator as output": net(generated, c=lambda: conv(8, 2)),
    "weight normalisation by hooks": weight_normed,
    "masks of torch": masked_by_torch,
    "traced by jit": jitted(True),
    "scripted by jit": jitted(False),
    "lock": lambda: (WithLock(), pictures()),
    "logarithm of zero": net(lambda m, x: m.b(R(m.a(x)).clamp(min=1e-6).log())),
    "constant table": net(lambda m, x: m.b(R(m.a(x)) * torch.linspace(0.5, 1, 8)[:, None, None])),
    "reshaped heads": net(
        lambda m, x: m.b(torch.cat([p * math.sqrt(2) for p in R(m.a(x)).view(2, 2, 4, 16, 16).unbind(1)], 1))
    ),
    "expanded attention": net(
        lambda m, x: m.b((h := R(m.a(x))) * m.c(h).sigmoid().expand_as(h)), c=lambda: nn.Conv2d(8, 1, 1)
    ),
    "detached branch": net(lambda m, x: m.b((h := R(m.a(x))) + R(m.c(h.detach()))), c=lambda: conv(8, 8)),
}  # fmt: skip


def _added(h: Tensor, other: Tensor) -> Tensor:
    h[:, : h.shape[1] // 2] += other
    return h
