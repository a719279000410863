"""Sketches ask, photographs answer: embeddings of two kinds of pictures that can be compared with each other."""
