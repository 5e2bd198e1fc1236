"""Normalisation over channels: what is left is normalised anew, groups stay whole, and the comparison knows that."""

import pytest
import torch
import torch.nn.functional as F
from pruning_nets import Net, conv, pictures
from torch import nn

import pruning


class ChannelsFirst(nn.LayerNorm):
    """Over the channels of (N, C, H, W), as ConvNeXt has it."""

    def forward(self, x):
        x = F.layer_norm(x.permute(0, 2, 3, 1), self.normalized_shape, self.weight, self.bias, self.eps)
        return x.permute(0, 3, 1, 2)


def last(m, x):
    return m.b(F.relu(m.c(m.a(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)))


def first(m, x):
    return m.b(F.relu(m.c(m.a(x))))


NORMS = {
    "two groups": (first, lambda: nn.GroupNorm(2, 8)),
    "one group": (first, lambda: nn.GroupNorm(1, 8)),
    "without parameters": (first, lambda: nn.GroupNorm(2, 8, affine=False)),
    "channels first": (first, lambda: ChannelsFirst(8)),
    "channels last": (last, lambda: nn.LayerNorm(8)),
    "root mean square": (last, lambda: nn.RMSNorm(8)),
}


def pruned_net(name):
    torch.manual_seed(0)
    forward, norm = NORMS[name]
    model = Net(forward, c=norm()).eval()
    with torch.no_grad():
        for parameter in model.c.parameters():
            parameter.uniform_(0.5, 1.5)
    traced = pruning.trace(model, pictures(2))
    plan = pruning.plan(traced, criterion="l1", target={"channels": 0.5}, scope="layer")
    return model, traced, plan, pruning.apply(traced, plan)


@pytest.mark.parametrize("name", NORMS)
def test_what_is_left_is_normalised_anew(name):
    model, traced, plan, pruned = pruned_net(name)
    assert pruning.verify(traced, plan, pruned) < 1e-12
    [group] = traced
    kept = torch.tensor([p for m in group.members if m.layer == "a" for p in m.positions(plan.groups[0].kept)]).sort()[
        0
    ]
    assert len(kept) == 4
    small = Net(NORMS[name][0], a=conv(3, 4), b=conv(4, 2), c=pruned.c).eval()
    with torch.no_grad():
        small.a.weight.copy_(model.a.weight[kept])
        small.a.bias.copy_(model.a.bias[kept])
        small.b.weight.copy_(model.b.weight[:, kept])
        small.b.bias.copy_(model.b.bias)
        assert torch.allclose(pruned(pictures(2)), small(pictures(2)), atol=1e-6)


@pytest.mark.parametrize("name", NORMS)
def test_a_normalisation_of_other_channels_is_caught(name):
    _, traced, plan, pruned = pruned_net(name)
    if "parameters" in name:
        pruned.c.num_groups = 1
    else:
        with torch.no_grad():
            pruned.c.weight.copy_(pruned.c.weight.flip(0))
    with pytest.raises(ValueError, match="c is the first layer that differs"):
        pruning.verify(traced, plan, pruned)


def test_groups_lose_as_many_channels_each():
    model = Net(first, c=nn.GroupNorm(2, 8))
    [group] = pruning.trace(model, pictures(1))
    assert group.channels == 4
    assert sorted(group.members[0].positions([1])) == [1, 5]


def test_a_pruned_normalisation_is_saved_and_loaded(tmp_path):
    model, _, _, pruned = pruned_net("two groups")
    pruning.save(pruned, tmp_path / "net.safetensors")
    loaded = pruning.load(tmp_path / "net.safetensors", like=model)
    assert loaded.c.num_channels == 4
    assert torch.equal(loaded(pictures(1)), pruned(pictures(1)))
