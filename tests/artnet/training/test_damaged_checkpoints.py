"""Damaged training checkpoints and loss networks: each is read, or refused by a ValueError that names the file."""

import torch
from helpers.mutations import mutated, mutated_header, read_or_refused
from helpers.tiny import tiny_config
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch.optim import AdamW

from artnet.model.network import ArtNet
from artnet.training.checkpoint import Counters, load_state, restore_moments, save_state
from artnet.training.options import TrainOptions


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_states_are_read_or_refused(tmp_path, data):
    torch.manual_seed(0)
    network = ArtNet(tiny_config())
    optimizer = AdamW(network.parameters())
    sum(p.sum() for p in network.parameters()).backward()
    optimizer.step()
    path = tmp_path / "state.safetensors"
    save_state(path, network, optimizer, Counters(3, 1.5), TrainOptions(steps=9))
    original = path.read_bytes()
    keys = st.sampled_from(["artnet", "options"])
    path.write_bytes(data.draw(st.one_of(mutated(original), keys.flatmap(lambda key: mutated_header(original, key)))))
    if state := read_or_refused(load_state, path):
        read, moments, counters, _ = state
        restore_moments(AdamW(read.parameters()), read, moments, counters.step)
