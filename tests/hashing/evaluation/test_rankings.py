"""Cut rankings of tied items in gallery order, as NumPy's argsort leaves them, and as expected over all orders."""

import dataclasses
import itertools

import numpy as np
import pytest

from datasets.vectors.base import VectorSet
from hashing.evaluation import labelled_codes, rankings
from hashing.evaluation.histograms import count


def tied(gallery: int, bits: int, *, queries: int = 5, seed: int = 0) -> VectorSet:
    """Codes that are few different ones, so that many lie at the same distance."""
    rng = np.random.default_rng(seed)
    few = rng.integers(0, 256, (6, bits // 8)).astype(np.uint8)
    codes, labels = few[rng.integers(0, 6, queries + gallery)], rng.integers(0, 3, queries + gallery)
    parts = {"gallery_labels": labels[queries:], "query_labels": labels[:queries]}
    rows = np.array([3, -1] + [-1] * (queries - 2))
    return VectorSet("tied", "hamming", codes[queries:], codes[:queries], query_rows=rows, **parts)


def plain(vectors: VectorSet) -> list[tuple[np.ndarray, np.ndarray]]:
    """(distances, relevance) of each query's items in gallery order, itself left out."""
    found = []
    for i, own in enumerate(vectors.own_rows):
        kept = np.arange(len(vectors.gallery)) != own
        distances = np.unpackbits(vectors.queries[i] ^ vectors.gallery[kept], axis=1).sum(axis=1)
        found.append((distances, vectors.gallery_labels[kept] == vectors.query_labels[i]))
    return found


def precision_of(hits: np.ndarray, cut: int) -> float:
    places = [place for place in range(cut) if hits[place]]
    return sum(hits[: place + 1].sum() / (place + 1) for place in places) / max(1, len(places))


def ranked(vectors: VectorSet, cuts: list[int], ties: str) -> rankings.Ranked:
    taken = labelled_codes.of(vectors)
    return rankings.rank(taken, count(taken), np.tile(cuts, (len(vectors.queries), 1)), ties)


CUTS = [40, 0, 1, 7, 299, 40, 150]  # in no order, one of them twice


@pytest.mark.parametrize("bits", [8, 64, 72])
@pytest.mark.parametrize("ties", ["stable", "unstable"])
def test_one_order_of_tied_items(ties, bits):
    vectors = tied(300, bits, seed=bits)
    found = ranked(vectors, CUTS, ties)
    assert found.cuts.tolist() == [CUTS] * 5
    differ = 0
    for i, (distances, relevant) in enumerate(plain(vectors)):
        order = np.argsort(distances.astype(np.float32), kind="stable" if ties == "stable" else None)
        for c, cut in enumerate(CUTS):
            hits = relevant[order]
            assert found.found[i, c] == hits[:cut].sum() and found.chance[i, c] == hits[:cut].any()
            assert found.precision[i, c] == pytest.approx(precision_of(hits, cut), abs=1e-12)
        differ += (np.argsort(distances, kind="stable") != order).any()
    assert (differ > 0) == (ties == "unstable")  # the two orders are not the same here


def test_the_longest_cut_may_lie_anywhere_among_tied_items():
    vectors = tied(40, 8, queries=3, seed=2)
    for cut in range(40):
        found = ranked(vectors, [cut], "stable")
        for i, (distances, relevant) in enumerate(plain(vectors)):
            hits = relevant[np.argsort(distances, kind="stable")]
            assert found.precision[i, 0] == pytest.approx(precision_of(hits, cut), abs=1e-12)


def test_a_query_whose_cuts_are_short_beside_others_whose_are_long():
    """As where one query finds nothing within the radius, and others all there is."""
    vectors = tied(3000, 16, queries=6)
    taken = labelled_codes.of(vectors)
    cuts = np.array([[5, 0], [5, 2999], [5, 40], [5, 2990], [5, 0], [5, 7]])
    used = [np.full(2999, 255, np.uint8) for _ in range(50)]  # memory that is not zero where it is given out again
    del used
    found = rankings.rank(taken, count(taken), cuts, "stable")
    for i, (distances, relevant) in enumerate(plain(vectors)):
        hits = relevant[np.argsort(distances, kind="stable")]
        for c, cut in enumerate(cuts[i]):
            assert found.found[i, c] == hits[:cut].sum()
            assert found.precision[i, c] == pytest.approx(precision_of(hits, cut), abs=1e-12)


@pytest.mark.parametrize("bits", [16, 64])
def test_distances_and_inner_products_of_signs_leave_the_same_order(bits):
    vectors = tied(3000, bits, queries=8, seed=3)
    signs, asked = (np.unpackbits(part, axis=1) * np.float32(2) - 1 for part in (vectors.gallery, vectors.queries))
    found = ranked(vectors, [100, 2999], "unstable")
    for i in range(1, 8):
        order = np.argsort(-(signs @ asked[i]))
        hits = (vectors.gallery_labels == vectors.query_labels[i])[order]
        assert found.precision[i] == pytest.approx([precision_of(hits, 100), precision_of(hits, 2999)], abs=1e-12)


def test_expected_values_depend_on_no_order_of_the_gallery():
    vectors = tied(90, 8, seed=5)
    turned = dataclasses.replace(
        vectors, gallery=vectors.gallery[::-1], gallery_labels=vectors.gallery_labels[::-1], query_rows=None
    )
    vectors = dataclasses.replace(vectors, query_rows=None)
    for ties in ("expected", "stable"):
        one, other = (ranked(each, [1, 11, 90], ties).precision for each in (vectors, turned))
        assert (np.abs(one - other).max() < 1e-12) == (ties == "expected")


def test_expected_values_are_means_over_all_permutations():
    vectors = tied(8, 8, queries=4, seed=9)
    cuts = [1, 2, 5, 7]
    found = ranked(vectors, cuts, "expected")
    for i, (distances, relevant) in enumerate(plain(vectors)):
        orders = [list(order) for order in itertools.permutations(range(len(distances)))]
        orders = [order for order in orders if (np.diff(distances[order].astype(int)) >= 0).all()]
        hits = relevant[np.array(orders)]
        for c, cut in enumerate(cuts):
            values = [precision_of(row, cut) for row in hits]
            assert found.precision[i, c] == pytest.approx(np.mean(values), abs=1e-12)
            assert found.found[i, c] == pytest.approx(hits[:, :cut].sum(axis=1).mean())
            assert found.chance[i, c] == pytest.approx(hits[:, :cut].any(axis=1).mean())
