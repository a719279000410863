"""Trained hashing networks put to use."""
