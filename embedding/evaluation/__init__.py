"""Evaluation: from a network and images to embeddings, and from these to scores."""
