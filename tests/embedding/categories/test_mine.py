"""Mining put together: what fits is chosen, what does not fit is told in one line."""

import numpy as np
import pytest

from datasets.errors import InputError
from embedding.categories.known import known_classes
from embedding.categories.mine import Wish, mine
from embedding.categories.neighborhood import unit_rows


def images(classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), 10)
    return rng.normal(size=(classes, 12))[labels] + 0.25 * rng.normal(size=(len(labels), 12)), labels


KNOWN = known_classes(*images(30, 0))


@pytest.mark.parametrize(
    ("known", "wish", "word"),
    [
        (KNOWN, Wish(), "average linkage up to"),
        (KNOWN, Wish(method="density"), "HDBSCAN"),
        (None, Wish(), "no known classes to learn a threshold from"),
        (None, Wish(method="density"), "at least 5 images"),
        (None, Wish(k=8), "8 clusters by k-means"),
        (KNOWN, Wish(k=8, mark_known=False), "8 clusters by k-means"),
    ],
)
def test_every_way_finds_the_groups_and_says_how(known, wish, word):
    vectors, labels = images(8, 1)
    mined = mine(3 * vectors, known, wish)
    assert word in mined.facts[0]
    assert any("purity that such clusters" in fact for fact in mined.facts) == (known is not None)
    assert any("cosine of" in fact and "centre" in fact for fact in mined.facts) == bool(known and wish.mark_known)
    assert (mined.proposals.known >= 0).mean() < 0.2
    clear = mined.proposals.clusters >= 0
    assert clear.mean() > 0.5
    for cluster in range(len(mined.proposals.confidences)):
        assert len(set(labels[mined.proposals.clusters == cluster])) == 1


def test_images_of_known_classes_are_marked_unless_not_wanted():
    vectors = np.concatenate([KNOWN.rows[:50], images(8, 1)[0]])
    marked = mine(vectors, KNOWN, Wish()).proposals
    assert (marked.known[:50] == np.repeat(np.arange(5), 10)).mean() > 0.8
    assert (mine(vectors, KNOWN, Wish(mark_known=False)).proposals.known == -1).all()


@pytest.mark.parametrize(
    ("known", "wish", "words"),
    [
        (None, Wish(method="threshold"), "--known=FILE"),
        (KNOWN, Wish(method="treshold"), "did you mean threshold"),
        (KNOWN, Wish(k=5, method="density"), "drop one"),
        (KNOWN, Wish(k=1), "--k=1"),
        (KNOWN, Wish(k=-3), "--k=-3"),
        (KNOWN, Wish(k=81), "--k=81"),
        (KNOWN, Wish(min_size=1), "--min-size=1"),
    ],
)
def test_what_does_not_fit_is_told(known, wish, words):
    with pytest.raises(InputError, match=words):
        mine(images(8, 1)[0], known, wish)


def test_all_as_clusters():
    proposals = mine(unit_rows(images(2, 1)[0]), None, Wish(k=20)).proposals
    assert len(proposals.clusters) == 20
