"""Duplicates: which pictures of a set are copies of each other, or nearly so, and which one of them to keep."""
