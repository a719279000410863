"""What the tests of re-ranking share: unit rows in a few clusters."""

import numpy as np
import pytest


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def clustered():
    """``clustered(count, dim, seed)``: unit rows around five centres, and which centre."""

    def make(count, dim=8, *, seed=0, spread=0.6):
        rng = np.random.default_rng(seed)
        labels = rng.integers(5, size=count)
        centres = np.random.default_rng(99).standard_normal((5, dim))
        return unit(centres[labels] + spread * rng.standard_normal((count, dim))), labels

    return make
