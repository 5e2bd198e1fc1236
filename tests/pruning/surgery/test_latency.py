"""Networks that are timed take turns."""

from pruning_nets import pictures
from torch import nn

import pruning
from pruning.surgery.latency import LEAST_RUNS, WARM_UP


class Noted(nn.Module):
    """Writes down that it ran."""

    def __init__(self, name, runs):
        super().__init__()
        self.name, self.runs = name, runs

    def forward(self, x):
        assert not self.training
        self.runs.append(self.name)
        return x


def test_networks_take_turns():
    runs = []
    models = [Noted(name, runs) for name in "ab"]
    models[1].eval()
    times = pruning.latencies_ms(models, pictures(1), seconds=0)
    assert runs == ["a", "b"] * (WARM_UP + LEAST_RUNS)
    assert len(times) == 2
    assert all(time > 0 for time in times)
    assert [model.training for model in models] == [True, False]
