"""Negatives made up for a loss: a generator that learns against the embedding, and what both players learn from."""
