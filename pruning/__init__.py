"""Channel pruning that is checked: find what belongs together, plan, remove, verify.

The whole way:

    plan = pruning.plan(model, example, criterion="l1-dependency", target={"macs": 0.5})
    pruned = pruning.apply(model, plan)              # a new, smaller network
    pruning.verify(model, plan, pruned, example)     # raises where removal is not the same as masking
    pruning.recalibrate(pruned, batches)             # the running statistics of its batch normalisation
    pruning.save(pruned, "net.safetensors")
    pruned = pruning.load("net.safetensors", like=model)

Criteria that judge by activations or gradients are given
`statistics=pruning.record(model, example, batches, loss=...)`.
"""

from pruning.activations import ChannelStatistics, record_activations
from pruning.checkpoint import load, save
from pruning.evidence import Evidence, record
from pruning.graph import trace
from pruning.latency import latency_ms
from pruning.plan_data import GroupPlan, Plan
from pruning.planning import plan
from pruning.recalibration import recalibrate
from pruning.report import format_table, layer_table
from pruning.scoring import scores
from pruning.structure import ChannelGroup
from pruning.surgery import apply
from pruning.verification import mask, verify

__all__ = [
    "ChannelGroup",
    "ChannelStatistics",
    "Evidence",
    "GroupPlan",
    "Plan",
    "apply",
    "format_table",
    "latency_ms",
    "layer_table",
    "load",
    "mask",
    "plan",
    "recalibrate",
    "record",
    "record_activations",
    "save",
    "scores",
    "trace",
    "verify",
]
