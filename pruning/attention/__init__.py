"""Channel attention as a measure of channels: gates to train with, what they do over data, and their removal.

network = nn.Sequential(conv, nn.BatchNorm2d(64), nn.ReLU(), SqueezeExcitation(64), head)
with watch_gates(network) as gates:                     # in the training loop
    loss = F.cross_entropy(network(x), y) + 0.1 * polarising_loss(gates.values())
statistics = record_gates(network, labelled_batches)    # mean, variance, mean over classes
scores = channel_scores(statistics)                     # comparable between layers
evidence = gate_evidence(network, x, labelled_batches)  # for pruning.plan(..., criterion="attention")
plain = remove_gates(network, {name: s.mean for name, s in statistics.items()}, x)
"""

from pruning.attention.evidence import gate_evidence
from pruning.attention.folding import remove_gates
from pruning.attention.gates import CBAMChannel, ChannelGate, EfficientChannelAttention, SqueezeExcitation
from pruning.attention.statistics import GateStatistics, channel_scores, polarising_loss, record_gates, watch_gates

__all__ = [
    "CBAMChannel",
    "ChannelGate",
    "EfficientChannelAttention",
    "GateStatistics",
    "SqueezeExcitation",
    "channel_scores",
    "gate_evidence",
    "polarising_loss",
    "record_gates",
    "remove_gates",
    "watch_gates",
]
