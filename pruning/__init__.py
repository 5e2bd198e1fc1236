"""Channel pruning that is checked: find what belongs together, plan, remove, verify.

The whole way, for a network whose empty channels are to go:

    statistics = pruning.record_activations(model, batches)
    plan = pruning.plan(model, example, criterion="zero", statistics=statistics)
    pruned = pruning.apply(model, plan)              # a new, smaller network
    pruning.verify(model, plan, pruned, example)     # raises where removal is not the same as masking
    pruning.save(pruned, "net.safetensors")
    pruned = pruning.load("net.safetensors", like=model)
"""

from pruning.activations import ChannelStatistics, record_activations
from pruning.checkpoint import load, save
from pruning.graph import trace
from pruning.plan_data import GroupPlan, Plan
from pruning.planning import plan
from pruning.report import format_table, layer_table
from pruning.structure import ChannelGroup
from pruning.surgery import apply
from pruning.verification import mask, verify

__all__ = [
    "ChannelGroup",
    "ChannelStatistics",
    "GroupPlan",
    "Plan",
    "apply",
    "format_table",
    "layer_table",
    "load",
    "mask",
    "plan",
    "record_activations",
    "save",
    "trace",
    "verify",
]
