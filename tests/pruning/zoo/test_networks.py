"""Published parameter counts, and that every architecture can be pruned."""

import pytest
import torch

import pruning
from pruning.graph import trace_network
from pruning.zoo import networks

# Counted by hand from the architecture: a residual stage of width w holds 9 w^2 per convolution, and so on; rounded
# values are those of the papers (ResNet-20 0.27 M, -56 0.85 M, -110 1.7 M, VGG-16 14.7 M, DenseNet-40 1.0 M).
MILLIONS = {
    "resnet8": 0.08, "resnet20": 0.27, "resnet32": 0.47, "resnet56": 0.86, "resnet110": 1.73, "resnet164": 1.70,
    "vgg16": 14.72, "densenet40": 1.02,
}  # fmt: skip


@pytest.mark.parametrize("name", MILLIONS)
def test_parameters(name):
    total = sum(p.numel() for p in networks.build(name).parameters())
    assert round(total / 1e6, 2) == MILLIONS[name]


def test_resnet20_to_the_parameter():
    # Published form (zero-padding shortcuts) 269,722; the two 1x1 shortcuts with their normalisation add 2,752.
    shortcuts = 16 * 32 + 2 * 32 + 32 * 64 + 2 * 64
    assert sum(p.numel() for p in networks.build("resnet20").parameters()) == 269_722 + shortcuts


def test_densenet40_to_the_parameter():
    assert sum(p.numel() for p in networks.build("densenet40").parameters()) == 1_019_722


@pytest.mark.parametrize("name", ["resnet8", "resnet20", "vgg16", "densenet40", "resnet164"])
def test_logits(name):
    model = networks.build(name, classes=7, channels=1).eval()
    assert model(torch.rand(2, 1, 16, 16)).shape == (2, 7)


def test_macs_of_vgg16_at_32_pixels():
    network = trace_network(networks.build("vgg16"), torch.rand(1, 3, 32, 32))
    assert round(network.totals({})["macs"] / 1e6) == 313


def test_stages_of_a_resnet_are_one_group_each():
    groups = {g.name: g for g in pruning.trace(networks.build("resnet20"), torch.rand(1, 3, 16, 16))}
    assert sorted(g.channels for g in groups.values() if len(g.producers) > 2) == [16, 32, 64]
    assert len(groups) == 3 + 9


def test_groups_of_preactivated_bottlenecks_and_dense_layers():
    bottleneck = pruning.trace(networks.resnet(11, bottleneck=True), torch.rand(1, 3, 16, 16))
    assert sorted(g.channels for g in bottleneck) == [16, 16, 16, 32, 32, 64, 64, 64, 128, 256]
    dense = pruning.trace(networks.densenet(10), torch.rand(1, 3, 16, 16))
    assert [g.channels for g in dense] == [16, 12, 12, 40, 12, 12, 64, 12, 12]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: networks.build("resnet9"), "unknown network 'resnet9'"),
        (lambda: networks.resnet(21), "depth must be 6 n \\+ 2"),
        (lambda: networks.resnet(22, bottleneck=True), "depth must be 9 n \\+ 2"),
        (lambda: networks.densenet(41), "depth must be 3 n \\+ 4"),
    ],
)
def test_unknown_networks_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
