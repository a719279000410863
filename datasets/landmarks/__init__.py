"""Landmarks: how the sets of instance retrieval say what each query is to find: Oxford, Paris, SfM."""
