"""Which channels of which layers belong together: a network is run once, and every operation in it is followed."""

from pruning.graph.tracing import TracedModel, as_traced, follow, trace, trace_network

__all__ = ["TracedModel", "as_traced", "follow", "trace", "trace_network"]
