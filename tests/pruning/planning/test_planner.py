"""Options of the planner, cost targets, and plans on disk."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pruning_nets import PATTERNS, build, conv, pictures
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models import googlenet, resnet18

import pruning
from pruning import ChannelStatistics, GroupPlan, Plan, criteria
from pruning.graph import trace_network
from pruning.planning.selection import Ranking, below


def statistics_of(model, size=32):
    return pruning.record(model, pictures(1, size), [pictures(2, size)]).outputs


def macs_of(model, example):
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(example)
    return counter.get_total_flops() // 2


def widths_of(plan):
    return {group.name: len(group.kept) for group in plan.groups}


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("eps", [0.0, 1.5])
def test_planned_costs_are_measured_costs(pattern, eps):
    model, example = build(pattern), pictures(1)
    plan = pruning.plan(model, example, statistics=statistics_of(model), eps=eps)
    pruned = pruning.apply(model, plan)
    for net, cost in ((model, plan.before), (pruned, plan.after)):
        assert (cost["macs"], cost["params"]) == (macs_of(net, example), sum(p.numel() for p in net.parameters()))
    assert plan.after["channels"] == plan.before["channels"] - sum(map(len, plan.removed.values()))


@pytest.fixture(scope="module")
def resnet():
    torch.manual_seed(0)
    model = resnet18(weights=None).eval()
    return model, statistics_of(model, 32)


@pytest.mark.parametrize("scope", ["global", "isomorphic", "layer"])
@pytest.mark.parametrize("kind", ["macs", "params", "channels"])
@pytest.mark.parametrize("fraction", [0.75, 0.5, 0.1])
def test_target_is_reached(resnet, scope, kind, fraction):
    model, statistics = resnet
    plan = pruning.plan(model, pictures(1), statistics=statistics, target={kind: fraction}, scope=scope)
    assert fraction - 0.02 <= plan.after[kind] / plan.before[kind] <= fraction


def test_googlenet_is_planned_to_half_its_macs():
    torch.manual_seed(0)
    model, example = googlenet(weights=None, init_weights=False, aux_logits=False).eval(), pictures(1, 64)
    plan = pruning.plan(
        model, example, statistics=statistics_of(model, 64), target={"macs": 0.5}, min_channels=4, round_to=4
    )
    assert 0.48 <= plan.after["macs"] / plan.before["macs"] <= 0.5
    assert all(width >= 4 and width % 4 == 0 for width in widths_of(plan).values())
    assert plan.after["macs"] == macs_of(pruning.apply(model, plan), example)


def test_layer_scope_takes_the_same_share_everywhere(resnet):
    model, statistics = resnet
    plan = pruning.plan(model, pictures(1), statistics=statistics, target={"params": 0.5}, scope="layer")
    shares = [len(group.kept) / group.channels for group in plan.groups]
    assert max(shares) - min(shares) < 1 / 64


def test_isomorphic_scope_takes_the_same_share_of_every_kind():
    torch.manual_seed(0)
    model = nn.Sequential(*[conv(3, 8), nn.ReLU(), conv(8, 8), nn.ReLU(), nn.Conv2d(8, 8, 1), nn.ReLU(), conv(8, 2)])
    with torch.no_grad():
        model[2].weight *= 0.01  # of the same kind as the first: it loses its channels in the place of the first's
        model[4].weight *= 100  # of another kind
    how = {"criterion": "l1", "normalise": "none", "target": {"channels": 0.5}, "scope": "isomorphic"}
    lost = {group.name: len(group.removed) for group in pruning.plan(model, pictures(1), **how).groups}
    assert lost == {"0": 4, "2": 4, "4": 4}
    model[2] = conv(8, 8)
    model[4] = conv(8, 8)
    with torch.no_grad():
        model[2].weight *= 0.01
    lost = {group.name: len(group.removed) for group in pruning.plan(model, pictures(1), **how).groups}
    assert lost["2"] == 7
    assert lost["0"] + lost["4"] == 5


def test_global_scope_is_blind_to_a_layers_size_of_activation(resnet):
    model, statistics = resnet
    scaled = {
        name: ChannelStatistics(s.maximum * (64 if name == "layer2.0.conv1" else 1), s.mean, s.pictures)
        for name, s in statistics.items()
    }
    plans = [pruning.plan(model, pictures(1), statistics=s, target={"params": 0.5}) for s in (statistics, scaled)]
    assert plans[0].removed == plans[1].removed


def test_eps_limits_and_keep():
    model = build("chain", emptied=False)
    maxima = {"0": [0, 1e-4, 1, 1, 0, 1, 1, 0], "3": [0, 0, 0, 0, 0, 0.2]}
    statistics = {
        name: ChannelStatistics(torch.tensor(m).float(), torch.zeros(len(m)), 1) for name, m in maxima.items()
    }

    def removed(**options):
        return pruning.plan(model, pictures(1), statistics=statistics, **options).removed

    assert removed() == {"0": [0, 4, 7], "3": [0, 1, 2, 3, 4]}
    assert removed(eps=1e-3) == {"0": [0, 1, 4, 7], "3": [0, 1, 2, 3, 4]}
    assert removed(min_channels=2) == {"0": [0, 4, 7], "3": [0, 1, 2, 3]}
    assert removed(round_to=4) == {"3": [0, 1]}
    assert removed(keep=["3"]) == {"0": [0, 4, 7]}
    assert removed(eps=1)["3"] == [0, 1, 2, 3, 4]  # the strongest channel stays
    plan = pruning.plan(model, pictures(1), statistics=statistics, min_channels=2)
    assert [group.empty for group in plan.groups] == [3, 5]


def test_group_without_statistics_stays_whole():
    model = build("chain")
    statistics = {"3": statistics_of(model)["3"]}
    plan = pruning.plan(model, pictures(1), statistics=statistics)
    assert plan.removed == {"3": [2]}
    assert plan.groups[0].empty is None


def test_cost_of_a_group_is_that_of_its_producers():
    model = build("chain")
    [first, second] = pruning.plan(model, pictures(1), statistics=statistics_of(model)).groups
    assert first.before == {"macs": 32 * 32 * 27 * 8, "params": 27 * 8 + 8}
    assert first.after == {"macs": 32 * 32 * 27 * 6, "params": 27 * 6 + 6}
    assert second.after == {"macs": 16 * 16 * 9 * 6 * 5, "params": 9 * 6 * 5 + 5}


def test_plan_that_removes_nothing_warns():
    model = build("chain", emptied=False)
    with pytest.warns(UserWarning, match="the plan removes nothing"):
        plan = pruning.plan(model, pictures(1), statistics=statistics_of(model))
    assert plan.removed == {}
    assert plan.before == plan.after


def test_coarse_steps_warn_and_stay_below_the_target():
    model = build("chain")
    with pytest.warns(UserWarning, match="missed by more than 0.02"):
        plan = pruning.plan(model, pictures(1), statistics=statistics_of(model), target={"macs": 0.75}, round_to=4)
    assert plan.after["macs"] < 0.73 * plan.before["macs"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"criterion": "best"}, "unknown criterion 'best'; valid: apoz, .*zero"),
        ({"statistics": None}, "statistics are needed"),
        ({"statistics": {"9": None}}, r"statistics of unknown layers \['9'\]; valid: 0, 3, 5"),
        ({"statistics": {}}, "statistics are needed by criterion 'zero'"),
        (
            {"statistics": {"0": ChannelStatistics(torch.zeros(3), torch.zeros(3), 1)}},
            "of 0 have 3 channels, the layer 8",
        ),
        ({"eps": -1}, "eps must be at least 0, got -1"),
        ({"eps": "0.1"}, "eps must be a number, got '0.1'"),
        ({"max_per_layer": None}, "max_per_layer must be a number, got None"),
        ({"round_to": 1.5}, "round_to must be a whole number, got 1.5"),
        ({"min_channels": "2"}, "min_channels must be a whole number, got '2'"),
        ({"target": {"macs": "half"}}, "target macs must be a number, got 'half'"),
        ({"eps": float("nan")}, "eps must be at least 0"),
        ({"eps": 0.1, "target": {"macs": 0.5}}, "exclude each other"),
        ({"target": {"flops": 0.5}}, "one key of macs, params, channels, latency_ms, got"),
        ({"target": {}}, "one key of macs, params"),
        ({"target": 0.5}, r"target must be a mapping such as \{'macs': 0.5\}, got 0.5"),
        ({"keep": "0"}, "keep must be a list of layers"),
        ({"target": {"macs": 1.5}}, "between 0 and 1"),
        ({"target": {"macs": 0.001}}, "can be brought to"),
        ({"target": {"latency_ms": 0}}, "latency_ms must be above 0"),
        ({"target": {"latency_ms": 1e-9}}, "latency_ms can be brought to .* at the least"),
        ({"max_per_layer": 0}, "max_per_layer must be above 0"),
        ({"target": {"macs": 0.5}, "normalise": "sum"}, "normalise must be one of mean, l2"),
        ({"criterion": "taylor"}, "'taylor'; make them with .*loss=loss"),
        ({"scope": "group"}, "scope must be one of global, isomorphic, layer, got 'group'"),
        ({"min_channels": 0}, "at least 1, got 0 and 1"),
        ({"keep": ["9"]}, "keep names"),
    ],
)
def test_bad_options_are_refused(options, message):
    model = build("chain")
    with pytest.raises(ValueError, match=message):
        pruning.plan(model, pictures(1), **({"statistics": statistics_of(model)} | options))


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.floats(0, 1, width=32), min_size=1, max_size=40),
    st.floats(0, 1),
    st.integers(1, 8),
    st.integers(1, 8),
)
def test_limits_hold_for_any_scores(scores, eps, min_channels, round_to):
    ranking = Ranking({"g": np.array(scores)}, min_channels, round_to)
    removed = ranking.removed(below(ranking, eps))["g"]
    kept = len(scores) - len(removed)
    assert kept == len(scores) or (kept >= min_channels and kept % round_to == 0)
    assert all(scores[i] <= eps for i in removed)
    rest = np.delete(np.array(scores), removed)
    assert not len(removed) or np.array(scores)[removed].max() <= rest.min()


@given(st.integers(1, 30), st.data())
def test_plan_survives_json(tmp_path_factory, channels, data):
    removed = sorted(data.draw(st.sets(st.integers(0, channels - 1))))
    kept = [c for c in range(channels) if c not in removed]
    cost = {"macs": data.draw(st.integers(0)), "params": 3}
    group = GroupPlan("a.0", ["a.0", "a.1"], channels, kept, removed, data.draw(st.none() | st.just(2)), cost, cost)
    eps = data.draw(st.floats(0, 1))
    plan = Plan("zero", "mean", "global", eps, {"macs": 0.5}, ["b"], [[1, 3, 8, 8]], [group], cost, cost)
    path = tmp_path_factory.mktemp("plans") / "plan.json"
    plan.save(path)
    assert Plan.load(path) == plan


def test_files_that_are_no_plan_are_refused(tmp_path):
    model = build("chain")
    path = tmp_path / "plan.json"
    pruning.plan(model, pictures(1), statistics=statistics_of(model)).save(path)
    good = json.loads(path.read_text())

    def refused(message, text):
        path.write_text(text)
        with pytest.raises(ValueError, match=message):
            Plan.load(path)

    refused("is no pruning plan", "{")
    refused("format 2: its format is None", "[]")
    refused("its format is 1", json.dumps(good | {"format": 1}))
    refused(r"keys that differ: \['more'\]", json.dumps(good | {"more": 1}))
    refused(r"keys that differ: \['name'\]", json.dumps(good | {"groups": [dict(list(good["groups"][0].items())[1:])]}))
    refused("do not make 9 channels", json.dumps(good | {"groups": [good["groups"][0] | {"channels": 9}]}))


def test_criteria_are_found_by_name():
    assert {"zero", "l1", "cpmc", "random"} <= set(criteria.names())
    assert criteria.get("apoz").needs == ("inputs",)
    assert all(criteria.get(name).about for name in criteria.names())
    assert {criteria.get(name).normalise for name in ("l1", "cpmc", "lamp")} == {"mean", "global", "none"}
    with pytest.raises(ValueError, match="needs and uses must be of outputs, inputs"):
        criteria.register("mine", needs=["luck"])(criteria.zero.zero)
    with pytest.raises(ValueError, match="'zero' is registered already"):
        criteria.register("zero")(criteria.zero.zero)


def test_network_widths_add_up():
    network = trace_network(build("inception"), pictures(1))
    assert network.widths({"0.branch2.1.conv": [0, 3]})["1.branch1.conv"] == (4, 21)
