"""Paths to a ReLU, and on from it to the next weights."""

import torch.nn.functional as F
from pruning_nets import Net, conv, pictures
from torch import nn

import pruning


def test_paths_that_part_and_meet_again_are_followed_once():
    def sums_of_the_last_two(m, x):
        last = before = F.relu(m.a(x))
        for layer in m.layers:
            last, before = F.relu(last + before + layer(last)), last
        return m.b(last)

    layers = nn.ModuleList([conv(8, 8) for _ in range(60)])
    traced = pruning.trace(Net(sums_of_the_last_two, layers=layers), pictures(1, 4))
    assert set(traced.network.observed) == {"a", *(f"layers.{i}" for i in range(60))}


def test_long_paths_are_followed():
    def copied(m, x):
        h = F.relu(m.a(x))
        for _ in range(1200):
            h = h.clone()
        return m.b(h)

    assert set(pruning.trace(Net(copied), pictures(1, 4)).network.observed) == {"a"}
