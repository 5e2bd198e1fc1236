"""Graph patterns of real networks: pruned exactly, or refused with the name of a layer; none silently wrong."""

import copy

import pytest
import torch
import torch.nn.functional as F
from pruning_nets import (
    CascadedConcat,
    ConcatSum,
    Decoder,
    Flatten,
    Net,
    Residual,
    UNet,
    chain,
    conv,
    inception,
    pictures,
)
from torch import nn
from torchvision.models.densenet import _DenseBlock
from torchvision.models.mobilenetv2 import InvertedResidual
from torchvision.models.resnet import BasicBlock, Bottleneck
from torchvision.ops import SqueezeExcitation

import pruning

N = Net
R = F.relu


def pad_channels(x):
    return F.pad(x, (0, 0, 0, 0, 2, 2))


def shuffle(x, groups):
    return x.unflatten(1, (groups, -1)).transpose(1, 2).flatten(1, 2)


def residual(block):
    """The block between a stem and a head."""
    return nn.Sequential(conv(3, 16), nn.BatchNorm2d(16), nn.ReLU(), block, conv(16, 2))


def downsampled():
    down = nn.Sequential(nn.Conv2d(16, 16, 1, stride=2, bias=False), nn.BatchNorm2d(16))
    return residual(BasicBlock(16, 16, stride=2, downsample=down))


def gate(m, x):
    h = R(m.a(x))
    return m.b(h * m.up(R(m.down(h.mean((2, 3))))).sigmoid()[:, :, None, None])


def two_outputs(m, x):
    h = R(m.a(x))
    return m.b(h), m.c(h)


EXACT = {
    "chain": chain,
    "residual": Residual,
    "dense connections": CascadedConcat,
    "flatten to linear": Flatten,
    "u-net": UNet,
    "inception": inception,
    "sum of a concatenation": ConcatSum,
    "transposed convolution, depthwise, PReLU": Decoder,
    "basic block with downsampling": downsampled,
    "bottleneck": lambda: residual(Bottleneck(16, 4)),
    "grouped bottleneck (ResNeXt)": lambda: residual(Bottleneck(16, 4, groups=4, base_width=64)),
    "inverted residual (ReLU6)": lambda: residual(InvertedResidual(16, 16, 1, 3)),
    "dense block, normalisation first": lambda: nn.Sequential(
        conv(3, 8), _DenseBlock(3, 8, 2, 4, 0.0), nn.BatchNorm2d(20), nn.ReLU(), conv(20, 2)
    ),
    "squeeze-excitation by convolution": lambda: residual(SqueezeExcitation(16, 4)),
    "squeeze-excitation by linear": lambda: N(gate, down=nn.Linear(8, 4), up=nn.Linear(4, 8)),
    "grouped convolution": lambda: N(lambda m, x: m.b(R(m.c(R(m.a(x))))), c=conv(8, 12, groups=2), into=12),
    "two grouped convolutions": lambda: N(
        lambda m, x: m.b(R(m.d(R(m.c(R(m.a(x))))))), c=conv(8, 12, groups=4), d=conv(12, 12, groups=2), into=12
    ),
    "convolution in one dimension": lambda: nn.Sequential(
        nn.Flatten(2), nn.Conv1d(3, 8, 3), nn.BatchNorm1d(8), nn.ReLU(), nn.Conv1d(8, 2, 1)
    ),
    "convolution in three dimensions": lambda: nn.Sequential(
        nn.Unflatten(1, (3, 1)), nn.Conv3d(3, 8, (1, 3, 3)), nn.ReLU(), nn.Conv3d(8, 2, (1, 3, 3))
    ),
    "pooling to a classifier": lambda: nn.Sequential(
        conv(3, 8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 6), nn.Hardswish(), nn.Linear(6, 2)
    ),
    "layer that is used twice": lambda: N(lambda m, x: m.b(R(m.c(R(m.c(R(m.a(x))))))), c=conv(8, 8)),
    "two outputs": lambda: N(two_outputs, c=conv(8, 3)),
    "instance normalisation, SiLU": lambda: N(
        lambda m, x: m.b(F.silu(m.c(m.a(x)))), c=nn.InstanceNorm2d(8, affine=True)
    ),
    "pyramid of poolings": lambda: N(
        lambda m, x: m.b(torch.cat([h := R(m.a(x)), F.interpolate(F.avg_pool2d(h, 4), scale_factor=4)], 1)), into=16
    ),
    "parallel kernels of different sizes": lambda: N(
        lambda m, x: m.b(R(m.a(x)) + R(m.c(x))), c=nn.Conv2d(3, 8, 5, padding=2)
    ),
    "depthwise convolution that multiplies": lambda: N(
        lambda m, x: m.b(R(m.c(R(m.a(x))))), c=conv(8, 16, groups=8), into=16
    ),
    "chunk": lambda: N(lambda m, x: m.b(torch.mul(*R(m.c(R(m.a(x)))).chunk(2, 1))), c=conv(8, 8), into=4),
    "sum of a stack": lambda: N(
        lambda m, x: m.b(torch.stack([R(m.a(x)), R(m.c(x))]).sum(0)), c=conv(3, 8)
    ),
    "channel shuffle of many groups": lambda: N(lambda m, x: m.b(shuffle(R(m.a(x)), 4))),
    "channel shuffle": lambda: N(lambda m, x: m.b(shuffle(R(m.a(x)), 2))),
    "channel padding": lambda: N(lambda m, x: m.b(pad_channels(R(m.a(x)))), into=12),
    "shortcut with padded channels": lambda: N(
        lambda m, x: m.b(R(m.c(h := R(m.a(x))) + pad_channels(h))), c=conv(8, 12), into=12
    ),
    "pixel shuffle": lambda: N(lambda m, x: m.b(F.pixel_shuffle(R(m.a(x)), 2)), into=2),
    "flipped channels": lambda: N(lambda m, x: m.b(R(m.a(x)).flip(1))),
    "every second channel": lambda: N(lambda m, x: m.b(R(m.a(x))[:, ::2]), into=4),
}  # fmt: skip
REFUSED = {
    "channel shuffle back and forth": lambda: N(lambda m, x: m.b(shuffle(shuffle(R(m.a(x)), 2), 4))),
    "rolled channels": lambda: N(lambda m, x: m.b(R(m.a(x)).roll(1, 1))),
    "softmax over channels": lambda: N(lambda m, x: m.b(m.a(x).softmax(1))),
    "mean over channels": lambda: N(lambda m, x: m.b(R(m.a(x)) + R(m.a(x)).mean(1, keepdim=True))),
    "largest channel": lambda: N(lambda m, x: m.b(R(m.a(x)) * m.a(x).amax(1, keepdim=True))),
    "running sum over channels": lambda: N(lambda m, x: m.b(R(m.a(x)).cumsum(1))),
    "products of channels": lambda: N(
        lambda m, x: m.b(torch.einsum("nchw,ndhw->ncd", R(m.a(x)), R(m.a(x)))[..., None]), into=8
    ),
    "constant scale": lambda: N(lambda m, x: m.b(R(m.a(x)) * torch.arange(1.0, 9)[:, None, None])),
    "sorted channels": lambda: N(lambda m, x: m.b(R(m.a(x)).sort(1).values)),
    "channels by index": lambda: N(lambda m, x: m.b(R(m.a(x))[:, [3, 1, 0, 2, 7, 6, 5, 4]])),
    "broadcast over channels": lambda: N(lambda m, x: m.b(R(m.a(x)) + R(m.c(x)).expand(-1, 8, -1, -1)), c=conv(3, 1)),
    "local response normalisation": lambda: N(lambda m, x: m.b(F.local_response_norm(R(m.a(x)), 3))),
    "depth to batch": lambda: N(lambda m, x: m.b(R(m.a(x)).flatten(0, 1)[:, None].expand(-1, 8, -1, -1))),
}  # fmt: skip


def built(factory):
    torch.manual_seed(0)
    model = factory().eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias)
            nn.init.normal_(module.running_mean)
    return model


def example_of(name):
    size = 32 if "flatten" in name else 16
    return (pictures(2, size), pictures(2, size, seed=3)) if "PReLU" in name else pictures(2, size)


def pruned(model, example):
    plan = pruning.plan(model, example, criterion="random", target={"channels": 0.7}, scope="layer")
    small = pruning.apply(model, plan)
    pruning.verify(model, plan, small, example)
    return plan, small


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.filterwarnings("ignore:the target of")
def test_pattern_is_exact(name, tmp_path):
    model, example = built(EXACT[name]), example_of(name)
    plan, small = pruned(model, example)
    assert sum(p.numel() for p in small.parameters()) == plan.after["params"] < plan.before["params"]
    small(*example) if isinstance(example, tuple) else small(example)
    pruning.save(small, tmp_path / "net.safetensors")
    loaded = pruning.load(tmp_path / "net.safetensors", like=model)
    assert repr(loaded) == repr(small)
    again = copy.deepcopy(loaded)
    pruning.verify(model, plan, again, example)


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.filterwarnings("ignore:the target of")
def test_pattern_is_refused(name):
    with pytest.raises(ValueError, match=r"channels of \w+ cannot be pruned: .*; name \w+ in keep"):
        pruning.plan(built(REFUSED[name]), example_of(name), criterion="random", target={"channels": 0.7})
