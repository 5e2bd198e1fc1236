"""Channel pruning that is checked: find what belongs together, plan, remove, verify.

The whole way:

    traced = pruning.trace(model, example)           # once, for everything below
    plan = pruning.plan(traced, criterion="l1-dependency", target={"macs": 0.5})
    pruned = pruning.apply(traced, plan)             # a new, smaller network; yours stays as it was
    pruning.verify(traced, plan, pruned)             # raises where removal is not the same as not reading
    pruning.recalibrate(pruned, batches)             # the running statistics of its batch normalisation
    pruning.save(pruned, "net.safetensors")
    pruned = pruning.load("net.safetensors", like=model)

A bare model with an example does as well as a traced one: `pruning.plan(model, example, ...)`. With
`on_unsupported="skip"` what cannot be pruned stays whole and is listed, with the reason, in `plan.skipped`. Criteria
that judge by activations or gradients are given `statistics=pruning.calibrate(traced, batches, loss=...)`.
"""

from importlib.util import find_spec

if not find_spec("torch"):
    raise ImportError("pruning needs torch: pip install 'artnet[train]'")

from pruning.criteria.calibration import calibrate, record
from pruning.criteria.evidence import ChannelStatistics, Evidence
from pruning.graph import TracedModel, trace
from pruning.graph.structure import ChannelGroup
from pruning.planning.planner import plan
from pruning.planning.scoring import scores
from pruning.plans import GroupPlan, Plan
from pruning.surgery.apply import apply
from pruning.surgery.checkpoint import load, save
from pruning.surgery.latency import latencies_ms, latency_ms
from pruning.surgery.recalibrate import recalibrate
from pruning.surgery.report import format_table, layer_table
from pruning.surgery.verify import mask, verify

__all__ = [
    "ChannelGroup",
    "ChannelStatistics",
    "Evidence",
    "GroupPlan",
    "Plan",
    "TracedModel",
    "apply",
    "calibrate",
    "format_table",
    "latencies_ms",
    "latency_ms",
    "layer_table",
    "load",
    "mask",
    "plan",
    "recalibrate",
    "record",
    "save",
    "scores",
    "trace",
    "verify",
]
