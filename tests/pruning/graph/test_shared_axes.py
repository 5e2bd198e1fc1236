"""Weights whose groups share an axis, and layers that work along another axis than that of their channels."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from pruning_nets import Net, pictures
from torch import nn

import pruning
from pruning.criteria.view import group_views
from pruning.graph.layers import per_filter, rows, silence_outputs


def grouped():
    torch.manual_seed(0)
    up = nn.ConvTranspose2d(8, 8, 2, stride=2, groups=2)
    return Net(lambda m, x: m.b(F.relu(m.c(F.relu(m.a(x))))), c=up).eval()


def halved(model, example, keep=()):
    traced = pruning.trace(model, example, keep=keep)
    return traced, pruning.plan(traced, criterion="l1-dependency", target={"channels": 0.5}, scope="layer")


def test_grouped_transposed_convolutions_lose_as_many_of_each_group(tmp_path):
    model = grouped()
    traced, plan = halved(model, pictures(2))
    assert {g.name: g.channels for g in traced} == {"a": 4, "c": 4}
    pruned = pruning.apply(traced, plan)
    assert pruned.c.weight.shape[:2] == (4, 2)  # (in, out / groups)
    assert pruning.verify(traced, plan, pruned) < 1e-12
    pruning.save(pruned, tmp_path / "net.safetensors")
    loaded = pruning.load(tmp_path / "net.safetensors", like=grouped())
    with torch.no_grad():
        torch.testing.assert_close(loaded(pictures(2)), pruned(pictures(2)))


def test_masked_groups_make_nothing():
    model = grouped()
    traced, plan = halved(model, pictures(2))
    masked = pruning.mask(traced, plan)
    gone = {m.layer: m.positions(plan.removed[g.name]) for g in traced for m in g.members if m.side == "out"}
    assert len(gone["c"]) == 4
    with torch.no_grad():
        made = masked.c(F.relu(masked.a(pictures(2))))
    assert (made[:, gone["c"]] == 0).all()
    assert (made[:, [i for i in range(8) if i not in gone["c"]]] != 0).any()


def test_filters_of_a_grouped_transposed_convolution():
    layer = grouped().c
    one_by_one = []
    for channel in range(8):  # what is left of the weight where every other channel is silent
        only = nn.ConvTranspose2d(8, 8, 2, stride=2, groups=2, bias=False)
        only.load_state_dict({"weight": layer.weight})
        group, place = divmod(channel, 4)
        one_by_one.append(only.weight[4 * group : 4 * group + 4, place].norm())
    assert torch.allclose(rows(layer, "out", layer.weight).norm(dim=1), torch.stack(one_by_one))
    factors = torch.arange(1.0, 9.0)
    scaled = layer.weight * per_filter(layer, factors)
    assert torch.allclose(rows(layer, "out", scaled), rows(layer, "out", layer.weight) * factors[:, None])
    with torch.no_grad():
        silence_outputs(layer, np.array([1, 5]))
    assert rows(layer, "out", layer.weight).abs().sum(1).eq(0).nonzero().flatten().tolist() == [1, 5]
    traced = pruning.trace(grouped(), pictures(2))
    bundles = rows(grouped().c, "out", grouped().c.weight).view(2, 4, -1)
    norms = group_views(traced.model, traced.network)["c"].filter_norms()
    assert torch.allclose(norms, bundles.transpose(0, 1).flatten(1).norm(dim=1))


def along_the_tokens(m, x):
    tokens = m.a(x).flatten(2)  # (N, C, T)
    return m.b((tokens + m.back(F.gelu(m.fc(tokens)))).unflatten(2, (8, 8)))


def test_channels_beside_those_of_a_layer_are_compared_without_the_removed_ones():
    torch.manual_seed(0)
    model = Net(along_the_tokens, fc=nn.Linear(64, 12), back=nn.Linear(12, 64)).eval()
    traced, plan = halved(model, pictures(2, size=8), keep=["back"])
    assert {g.name for g in traced} == {"a", "fc"}
    pruned = pruning.apply(traced, plan)
    assert pruned.a.out_channels == 4
    assert pruning.verify(traced, plan, pruned) < 1e-12
    with torch.no_grad():
        pruned.fc.weight.mul_(1.01)
    with pytest.raises(ValueError, match="fc is the first layer that differs"):
        pruning.verify(traced, plan, pruned)


@pytest.mark.parametrize("options", [{}, {"bidirectional": True}, {"num_layers": 2}])
def test_an_lstm_reads_fewer_channels(options):
    torch.manual_seed(0)
    cell, width = nn.LSTM(8, 5, batch_first=True, **options), 10 if "bidirectional" in options else 5
    model = Net(lambda m, x: m.out(m.cell(F.relu(m.a(x)).mean(2).mT)[0][:, -1]), cell=cell, out=nn.Linear(width, 2))
    del model.b
    traced, plan = halved(model.eval(), pictures(2))
    pruned = pruning.apply(traced, plan)
    assert pruned.cell.weight_ih_l0.shape == (20, 4)
    assert pruned.cell.input_size == 4
    assert pruning.verify(traced, plan, pruned) < 1e-12
