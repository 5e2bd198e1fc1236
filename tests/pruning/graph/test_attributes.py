"""Numbers that modules keep (`self.c`, `self.num_heads`) follow the channels; attention loses whole heads."""

import pytest
import torch
import torch.nn.functional as F
from pruning_nets import conv, pictures
from torch import nn

import pruning


class Heads(nn.Module):
    """Attention on tokens of 12 channels, with a table of positions."""

    def __init__(self, fused=True, heads=3, size=4):
        super().__init__()
        self.num_heads, self.head_dim, self.fused = heads, size, fused
        self.embed, self.norm, self.head = nn.Linear(6, 12), nn.LayerNorm(12), nn.Linear(12, 2)
        width = heads * self.head_dim
        self.qkv = nn.ModuleList([nn.Linear(12, 3 * width)] if fused else [nn.Linear(12, width) for _ in range(3)])
        self.proj, self.places = nn.Linear(width, 12), nn.Parameter(torch.randn(1, 5, 12))

    def split(self, x):
        n, t, _ = x.shape
        if self.fused:
            return self.qkv[0](x).reshape(n, t, 3, self.num_heads, self.head_dim).permute(2, 0, 3, 1, 4)
        return [layer(x).view(n, t, self.num_heads, self.head_dim).transpose(1, 2) for layer in self.qkv]

    def forward(self, x):
        x = self.embed(x) + self.places
        n, t, _ = x.shape
        mixed = F.scaled_dot_product_attention(*self.split(self.norm(x)))
        return self.head(x + self.proj(mixed.transpose(1, 2).reshape(n, t, self.num_heads * self.head_dim)))


class GroupedQueries(nn.Module):
    """Six heads of queries, two of keys and values; how a key is given to three queries differs."""

    def __init__(self, share):
        super().__init__()
        self.head_dim, self.share = 4, share
        self.embed, self.out, self.head = nn.Linear(6, 12), nn.Linear(24, 12), nn.Linear(12, 2)
        self.q, self.k, self.v = nn.Linear(12, 24), nn.Linear(12, 8), nn.Linear(12, 8)

    def forward(self, x):
        x = self.embed(x)
        n, t, _ = x.shape
        q, k, v = (layer(x).view(n, t, -1, self.head_dim).transpose(1, 2) for layer in (self.q, self.k, self.v))
        many = q.shape[1] // k.shape[1]
        if self.share == "expand":
            k, v = (y[:, :, None].expand(-1, -1, many, -1, -1).reshape(n, -1, t, self.head_dim) for y in (k, v))
        elif self.share == "repeat":
            k, v = (y.repeat_interleave(many, 1) for y in (k, v))
        mixed = F.scaled_dot_product_attention(q, k, v, enable_gqa=self.share == "flag")
        return self.head(x + self.out(mixed.transpose(1, 2).reshape(n, t, -1)))


class Parts(nn.Module):
    """C2f: a split by a number that the module keeps."""

    def __init__(self):
        super().__init__()
        self.c, self.classes = 4, 8
        self.cv1, self.m, self.cv2 = conv(3, 8), conv(4, 4), conv(12, 8)

    def forward(self, x):
        one, other = F.relu(self.cv1(x)).split((self.c, self.c), 1)
        return self.cv2(torch.cat([one, other, F.relu(self.m(other))], 1))


def smaller(model, example, share=0.6):
    torch.manual_seed(0)
    traced = pruning.trace(model.eval(), example)
    plan = pruning.plan(traced, criterion="l1", target={"channels": share}, scope="layer")
    pruned = pruning.apply(traced, plan)
    assert pruning.verify(traced, plan, pruned) < 1e-12
    return traced, plan, pruned


@pytest.mark.parametrize("heads", [3, 4, 6])  # of 4 channels each
@pytest.mark.parametrize("fused", [True, False])
def test_whole_heads_go(fused, heads):
    model, tokens = Heads(fused, heads), torch.rand(2, 5, 6)
    traced, plan, pruned = smaller(model, tokens)
    [attention] = [group for group in traced if "qkv.0" in group.producers]
    assert attention.channels == heads
    assert model.num_heads == heads
    assert (pruned.num_heads, pruned.head_dim) == (len(plan.groups[1].kept), 4)
    assert 0 < pruned.num_heads < heads
    assert pruned.proj.in_features == 4 * pruned.num_heads
    assert pruned.places.shape[-1] == pruned.embed.out_features < 12


@pytest.mark.parametrize("share", ["expand", "repeat", "flag"])
def test_queries_go_with_the_keys_that_they_share(share):
    traced, _, pruned = smaller(GroupedQueries(share), torch.rand(2, 5, 6), 0.5)
    assert {group.name: group.channels for group in traced} == {"embed": 12, "q": 2}
    assert (pruned.q.out_features, pruned.k.out_features, pruned.v.out_features) == (12, 4, 4)


def test_a_split_by_a_number_follows():
    _, plan, pruned = smaller(Parts(), pictures(1))
    assert plan.following == ["c"]
    assert (pruned.c, pruned.classes) == (pruned.cv1.out_channels // 2, 8)
    assert pruned.c < 4


def test_a_plan_of_a_bare_model_knows_what_follows(tmp_path):
    model = Parts().eval()
    plan = pruning.plan(model, pictures(1), criterion="l1", target={"channels": 0.5})
    plan.save(tmp_path / "plan.json")
    plan = pruning.Plan.load(tmp_path / "plan.json")
    pruned = pruning.apply(model, plan)
    assert pruned.c < 4
    assert pruning.verify(model, plan, pruned, pictures(1)) < 1e-12


def test_what_followed_is_saved_and_loaded(tmp_path):
    path, tokens = tmp_path / "net.safetensors", torch.rand(2, 5, 6)
    _, _, pruned = smaller(Heads(), tokens)
    pruning.save(pruned, path)
    loaded = pruning.load(path, like=Heads().eval())
    assert loaded.num_heads == pruned.num_heads
    assert torch.equal(loaded(tokens), pruned(tokens))
    pruning.save(loaded, path)
    assert pruning.load(path, like=Heads()).num_heads == pruned.num_heads
    with pytest.raises(ValueError, match="does not fit the given network: num_heads is 1 there, stored"):
        pruning.load(path, like=_with(Heads(), num_heads=1))


def _with(model, **attributes):
    vars(model).update(attributes)
    return model


def test_a_second_pruning_goes_on_from_the_first():
    _, _, once = smaller(Parts(), pictures(1), 0.8)
    _, _, twice = smaller(once, pictures(1), 0.5)
    assert twice.c < once.c < 4
