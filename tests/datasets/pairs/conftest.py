"""What the tests of sets of pairs share."""

import pair_trees
import pytest


@pytest.fixture
def small(monkeypatch):
    """The sets whose counts are published, with those of the small trees in their place."""
    from datasets.captions import flickr8k
    from datasets.pairs import mirflickr25k, nuswide, wiki

    monkeypatch.setattr(wiki, "COUNTS", pair_trees.WIKI)
    monkeypatch.setattr(mirflickr25k, "COUNTS", pair_trees.COUNTS)
    monkeypatch.setattr(nuswide, "COUNTS", pair_trees.COUNTS)
    monkeypatch.setattr(flickr8k, "COUNTS", {})
