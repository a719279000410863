"""Truths: what is exactly right under a filter, within a radius, and at a moment of a stream."""
