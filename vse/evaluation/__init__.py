"""Evaluation of image-text embedding: ranks and recalls both ways."""
