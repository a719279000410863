"""A small search: random rows, and how many of their true neighbors an index finds."""

import numpy as np

from datasets.vectors import exact

DRAW = np.random.default_rng(0)
GALLERY = DRAW.normal(size=(1500, 24)).astype(np.float32)
QUERIES = DRAW.normal(size=(50, 24)).astype(np.float32)


def recall(index) -> float:
    """10-recall@10 of an index over ``GALLERY``, as it is tuned."""
    truth = exact.search(QUERIES, GALLERY, 10)[0]
    found = index.search(QUERIES, 10)[0]
    return np.mean([len(set(a) & set(b)) / 10 for a, b in zip(found.tolist(), truth.tolist(), strict=True)])


def assert_tuned_by(index, **search) -> None:
    """A parameter buys recall, and without it the index is as it was at first."""
    first = recall(index)
    index.tune(**search)
    assert recall(index) > first
    index.tune()
    assert recall(index) == first
