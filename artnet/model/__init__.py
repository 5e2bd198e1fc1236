"""The network: its shape, its parts, and its checkpoints."""
