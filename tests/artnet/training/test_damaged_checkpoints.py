"""Damaged training checkpoints and loss networks: each is read, or refused by a ValueError that names the file."""

import pytest
import torch
from helpers.mutations import mutated, mutated_header, read_or_refused
from helpers.tiny import tiny_config
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch.optim import AdamW

from artnet.model.network import ArtNet
from artnet.training.checkpoint import Counters, load_state, restore_moments, save_state
from artnet.training.options import TrainOptions


@pytest.fixture
def state(tmp_path):
    """A training checkpoint after one step."""
    torch.manual_seed(0)
    network = ArtNet(tiny_config())
    optimizer = AdamW(network.parameters())
    sum(p.sum() for p in network.parameters()).backward()
    optimizer.step()
    save_state(tmp_path / "state.safetensors", network, optimizer, Counters(3, 1.5), TrainOptions(steps=9))
    return tmp_path / "state.safetensors"


def change(path, *, metadata=(), **tensors):
    """Write the file anew, with other metadata and each named tensor made another."""
    with safe_open(path, "pt") as file:
        known = file.metadata()
    held = load_file(path)
    for key, made in tensors.items():
        name = key.replace("__", ".")
        held[name] = made(held[name])
    save_file(held, path, metadata={**known, **dict(metadata)})


@pytest.mark.parametrize(
    "made", [torch.neg, lambda m: m * torch.nan, lambda m: m[None], lambda m: m.double(), torch.Tensor.int]
)
def test_moments_that_no_training_leaves(state, made):
    change(state, exp_avg_sq__decoder__output__bias=made)
    with pytest.raises(ValueError, match=r"state\.safetensors is not .*the moments of decoder\.output\.bias"):
        load_state(state)


@pytest.mark.parametrize("made", [torch.Tensor.int, torch.Tensor.half, lambda w: w * torch.inf])
def test_weights_that_cannot_be_trained(state, made):
    change(state, network__decoder__output__bias=made)
    with pytest.raises(ValueError, match=r"state\.safetensors is not .*decoder\.output\.bias"):
        load_state(state)


@pytest.mark.parametrize("odd", [{"step": "-1"}, {"seconds": "nan"}, {"seconds": "inf"}, {"step": "9" * 5000}])
def test_counters_that_no_run_has(state, odd):
    change(state, metadata=odd)
    with pytest.raises(ValueError, match=r"state\.safetensors is not a training checkpoint"):
        load_state(state)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_states_are_read_or_refused(state, tmp_path, data):
    original = state.read_bytes()
    path = tmp_path / "mutant.safetensors"
    keys = st.sampled_from(["artnet", "options"])
    path.write_bytes(data.draw(st.one_of(mutated(original), keys.flatmap(lambda key: mutated_header(original, key)))))
    if found := read_or_refused(load_state, path):
        read, moments, counters, _ = found
        restore_moments(AdamW(read.parameters()), read, moments, counters.step)
