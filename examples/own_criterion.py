"""Prune by a criterion of your own. python examples/own_criterion.py"""

import torch
from torch import nn

import pruning
from pruning.criteria import register
from pruning.criteria.view import OWN


@register("largest-weight")
def largest_weight(view):
    """Largest absolute weight of each channel's own filters, (C,)."""
    return view.weights(OWN).abs().amax(1)


model = nn.Sequential(nn.Conv2d(3, 16, 3), nn.ReLU(), nn.Conv2d(16, 8, 3)).eval()
example = torch.rand(1, 3, 32, 32)
plan = pruning.plan(model, example, criterion="largest-weight", target={"channels": 0.5})
pruned = pruning.apply(model, plan)
pruning.verify(model, plan, pruned, example)
print(pruned)
