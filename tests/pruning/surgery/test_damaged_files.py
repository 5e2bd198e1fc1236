"""Damaged plans and pruned networks: each is read, or refused by a ValueError that names the file."""

import json
from functools import partial

import pytest
import torch
from helpers.mutations import mutated, mutated_header, mutated_json, read_or_refused
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

import pruning

SLOW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 4, 3)).eval()


@pytest.fixture(scope="module")
def planned():
    model = network()
    return pruning.plan(model, torch.zeros(1, 3, 8, 8), criterion="l1", target={"channels": 0.5})


@SLOW
@given(data=st.data())
def test_plans_are_read_or_refused(planned, tmp_path, data):
    path = tmp_path / "plan.json"
    planned.save(path)
    original = path.read_bytes()
    odd = mutated_json(json.loads(original)).map(lambda value: json.dumps(value).encode())
    path.write_bytes(data.draw(st.one_of(odd, mutated(original))))
    read_or_refused(pruning.Plan.load, path)


@pytest.mark.parametrize("place", ["plan", "group"])
def test_plans_without_a_cost_are_refused(planned, tmp_path, place):
    path = tmp_path / "plan.json"
    planned.save(path)
    data = json.loads(path.read_text())
    del (data if place == "plan" else data["groups"][0])["after"]["macs"]
    path.write_text(json.dumps(data))
    with pytest.raises(ValueError, match=r"plan\.json is no pruning plan: after cannot be \{'params"):
        pruning.Plan.load(path)


@SLOW
@given(data=st.data())
def test_pruned_networks_are_read_or_refused(planned, tmp_path, data):
    path = tmp_path / "net.safetensors"
    pruning.save(pruning.apply(network(), planned), path)
    original = path.read_bytes()
    path.write_bytes(data.draw(st.one_of(mutated(original), mutated_header(original, "widths"))))
    if model := read_or_refused(partial(pruning.load, like=network()), path):
        model(torch.zeros(1, 3, 8, 8))


@pytest.mark.parametrize("versions", ["3", "[]", '{"1": 3}', '{"1": {"version": "new"}}', '{"1": {"version": {}}}'])
def test_odd_versions_of_layers_are_refused(planned, tmp_path, versions):
    path = tmp_path / "net.safetensors"
    pruning.save(pruning.apply(network(), planned), path)
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    save_file(load_file(path), path, metadata={**metadata, "versions": versions})
    with pytest.raises(ValueError, match=r"net\.safetensors is no file of pruning\.save"):
        pruning.load(path, like=network())


def test_another_network_is_told_in_one_line(planned, tmp_path):
    path = tmp_path / "net.safetensors"
    pruning.save(pruning.apply(network(), planned), path)
    held = load_file(path)
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    save_file({f"x{key}": value for key, value in held.items()}, path, metadata=metadata)
    with pytest.raises(ValueError, match=r"^[^\n]*net\.safetensors does not fit the given network[^\n]*$"):
        pruning.load(path, like=network())
