"""What the tests of runs of sketches share: the built-in set, cut down."""

import numpy as np
import pytest

from datasets.images import outlines


@pytest.fixture
def few(monkeypatch):
    """The outlines of twelve classes, eight of which train."""
    whole = outlines.load()
    seen = np.unique(whole.labels[whole.train])
    kept = [*seen[:8], *np.setdiff1d(whole.labels, seen)[:4]]
    split = {part: rows[np.isin(whole.labels[rows], kept)] for part, rows in
             (("train", whole.train), ("query", whole.query), ("gallery", whole.gallery))}  # fmt: skip
    found = whole.with_split(**split)
    monkeypatch.setattr(outlines, "load", lambda *_, **__: found)
    return found
