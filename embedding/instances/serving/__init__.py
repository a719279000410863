"""Runs of instance retrieval put to use."""
