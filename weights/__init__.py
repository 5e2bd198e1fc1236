"""Trained weights, found through importlib.resources; see MODEL_CARD.md."""
