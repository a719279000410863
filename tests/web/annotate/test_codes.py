"""A gallery of codes is annotated as one of vectors is: its neighbors are those by differing bits."""

import numpy as np
import pytest

from web.annotate.rows import likely, vectors
from web.serving import snapshot

BITS = 64


@pytest.fixture
def made(tmp_path):
    """A snapshot of 10 groups of 4 codes, which differ in a bit or two within a group."""
    rng = np.random.default_rng(0)
    rows = np.repeat(rng.choice([-1.0, 1.0], (10, BITS)), 4, axis=0).astype(np.float32)
    rows[np.arange(40), rng.integers(0, BITS, 40)] *= -1
    unit = rows / np.sqrt(np.float32(BITS))
    return snapshot.write(tmp_path / "snapshot-1", np.arange(40) + 5, unit, name="x", network="ab12", codes=True)


def test_the_neighbors_of_a_mean_are_its_own(made):
    middle = vectors.mean(vectors.floats(made, np.arange(8, 12)))
    assert sorted(vectors.nearest(made, middle, 4).tolist()) == [13, 14, 15, 16]


def test_pairs_that_are_likely_are_of_a_group(made):
    found = likely._pairs(made, np.arange(40), 3)
    best = sorted(found, key=lambda pair: -found[pair])[:30]
    assert all((one - 5) // 4 == (other - 5) // 4 for one, other in best)
