"""Training ArtNet: data, losses, the trainer and its checkpoints."""
