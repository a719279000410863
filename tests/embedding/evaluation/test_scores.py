"""Scores of embeddings against plain loops over all pairs, in leave-one-out and of queries in a gallery."""

import os

import faiss
import numpy as np
import pytest

import embedding.mx  # noqa: F401
from datasets.errors import InputError
from datasets.vectors.base import Embeddings
from embedding.evaluation import scores as module
from embedding.evaluation.scores import evaluate


def clustered(count: int, classes: int, *, seed: int, spread: float = 0.6) -> Embeddings:
    rng = np.random.default_rng(seed)
    labels = np.sort(rng.integers(0, classes, count)) * 7  # labels need not be consecutive
    vectors = np.random.default_rng(99).normal(size=(7 * classes, 8))[labels] + spread * rng.normal(size=(count, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Embeddings(vectors.astype(np.float32), labels, tuple(f"{seed}-{row}.jpg" for row in range(count)))


def plain_scores(queries: Embeddings, gallery: Embeddings | None, ks) -> dict[str, float]:
    among = gallery or queries
    rows = []
    for i, (vector, label) in enumerate(zip(queries.vectors, queries.labels, strict=True)):
        others = [j for j in range(len(among)) if among.paths[j] != queries.paths[i]]
        others.sort(key=lambda j: float(np.sum((vector.astype(np.float64) - among.vectors[j]) ** 2)))
        hits = [among.labels[j] == label for j in others]
        many = sum(hits)
        if not many:
            continue
        at_r = sum(sum(hits[: r + 1]) / (r + 1) for r in range(many) if hits[r]) / many
        rows.append([*(float(any(hits[:k])) for k in ks), at_r, sum(hits[:many]) / many])
    names = [*(f"recall@{k}" for k in ks), "map@r", "r-precision"]
    return dict(zip(names, np.mean(rows, axis=0), strict=True))


def joined(one: Embeddings, other: Embeddings) -> Embeddings:
    both = (np.concatenate(pair) for pair in ((one.vectors, other.vectors), (one.labels, other.labels)))
    return Embeddings(*both, one.paths + other.paths)


def test_a_query_in_the_gallery_does_not_find_itself():
    queries = clustered(60, 6, seed=0)
    half = Embeddings(queries.vectors[:30], queries.labels[:30], queries.paths[:30])
    gallery = joined(clustered(50, 6, seed=1), half)
    scores = evaluate(queries, gallery, ks=(1, 3))
    expected = plain_scores(queries, gallery, (1, 3))
    assert {name: scores[name] for name in expected} == pytest.approx(expected, abs=1e-9)
    alone = evaluate(queries, queries, ks=(1, 3))
    assert alone == pytest.approx(evaluate(queries, None, ks=(1, 3)))


@pytest.mark.parametrize("block", [1, 2**22])
@pytest.mark.parametrize("leave_one_out", [True, False])
def test_against_plain_loops(leave_one_out, block, monkeypatch):
    monkeypatch.setattr(module, "_BLOCK_NEIGHBORS", block)
    queries = clustered(150, 12, seed=0)
    gallery = None if leave_one_out else clustered(90, 9, seed=1)  # three classes are not in this gallery
    scores = evaluate(queries, gallery, ks=(1, 2, 40), nmi=False)
    expected = plain_scores(queries, gallery, (1, 2, 40))
    left_out = 0 if leave_one_out else int((~np.isin(queries.labels, gallery.labels)).sum())
    assert scores.pop("queries left out", 0) == left_out and (left_out > 0) is not leave_one_out
    assert list(scores) == list(expected)
    assert scores == pytest.approx(expected, abs=1e-9)
    assert 0.1 < scores["map@r"] < 0.9  # neither nothing nor everything: the comparison means something


def test_perfect_embeddings_score_one_and_their_names_are_these():
    scores = evaluate(clustered(200, 5, seed=2, spread=0.001), None)
    names = [f"recall@{k}" for k in (1, 2, 4, 8, 16)] + ["map@r", "r-precision", "nmi"]
    assert list(scores) == names and all(type(value) is float for value in scores.values())
    assert scores == pytest.approx(dict.fromkeys(names, 1.0))


def test_meaningless_embeddings_score_as_chance():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(600, 16)).astype(np.float32)
    images = Embeddings(vectors, np.arange(600) % 2, tuple(map(str, range(600))))
    scores = evaluate(images, None, ks=(1,))
    assert scores["recall@1"] == pytest.approx(0.5, abs=0.08) and scores["nmi"] < 0.05


def test_collapsed_embeddings_find_one_class_only():
    images = Embeddings(np.ones((60, 4), np.float32), np.arange(60) % 6, tuple(map(str, range(60))))
    assert evaluate(images, None, ks=(1,), nmi=False)["recall@1"] <= 2 / 6


def test_duplicates_of_a_query_are_found_but_never_itself():
    vectors = np.eye(4, dtype=np.float32)[[0, 0, 1, 2]]
    images = Embeddings(vectors, np.array([5, 5, 6, 6]), tuple("abcd"))
    scores = evaluate(images, None, ks=(1,), nmi=False)
    assert scores["r-precision"] >= 0.5  # both copies of the first find each other
    alone = Embeddings(vectors, np.array([1, 2, 3, 4]), tuple("abcd"))
    assert evaluate(alone, None, ks=(1,), nmi=False)["queries left out"] == 4


def test_k_beyond_the_gallery_is_no_error():
    scores = evaluate(clustered(10, 2, seed=3), None, ks=(1, 1000), nmi=False)
    assert scores["recall@1000"] == 1


def test_nmi_clusters_queries_and_gallery_together():
    queries, gallery = clustered(80, 4, seed=4, spread=0.01), clustered(80, 4, seed=5, spread=0.01)
    assert evaluate(queries, gallery)["nmi"] == pytest.approx(1)
    half = Embeddings(gallery.vectors, gallery.labels // 14, gallery.paths)  # two classes of the gallery become one
    assert evaluate(queries, half)["nmi"] < 0.9


def test_the_metric_is_taken():
    vectors = np.array([[1, 0], [0.1, 0.01], [1, 0.5], [0.1, 0.06]], np.float32)
    images = Embeddings(vectors, np.array([0, 0, 1, 1]), tuple("abcd"))
    assert evaluate(images, None, ks=(1,), nmi=False, metric="angular")["recall@1"] == 1
    assert evaluate(images, None, ks=(1,), nmi=False)["recall@1"] == 0


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_named(value):
    images = clustered(10, 2, seed=6)
    images.vectors[[4, 7], 1] = value
    with pytest.raises(InputError, match=r"2 of 10 embeddings.*4\.jpg"):
        evaluate(images, None)
    with pytest.raises(InputError, match=r"2 of 10 embeddings.*4\.jpg"):
        evaluate(clustered(10, 2, seed=6), images)


def test_other_dimensions_and_nothing_at_all():
    images = clustered(10, 2, seed=7)
    wide = Embeddings(np.zeros((3, 9), np.float32), np.zeros(3, np.int64), tuple("abc"))
    with pytest.raises(InputError, match=r"8 dimensions.*9"):
        evaluate(images, wide)
    with pytest.raises(InputError, match="nothing to evaluate"):
        evaluate(Embeddings(np.zeros((0, 3), np.float32), np.zeros(0, np.int64), ()), None)


@pytest.mark.skipif("OMP_NUM_THREADS" in os.environ, reason="the number of threads was set from outside")
def test_faiss_keeps_its_threads_beside_mxnet():
    assert faiss.omp_get_max_threads() == len(os.sched_getaffinity(0))


@pytest.mark.parametrize(("spread", "again"), [(0.9, "some"), (3.0, "at first")])
def test_only_queries_that_find_nothing_early_are_searched_far(spread, again, monkeypatch):
    monkeypatch.setattr(module, "_FEW", 2)
    monkeypatch.setattr(module, "_BLOCK_NEIGHBORS", 100 * 64)  # 64 queries a block
    searched, search = [], module.exact.search

    def count(queries, gallery, k, **how):
        searched.append((len(queries), k))
        return search(queries, gallery, k, **how)

    monkeypatch.setattr(module.exact, "search", count)
    queries = clustered(320, 60, seed=3, spread=spread)
    scores = evaluate(queries, None, ks=(1, 2, 10, 100), nmi=False)
    expected = plain_scores(queries, None, (1, 2, 10, 100))
    scores.pop("queries left out", None)
    assert scores == pytest.approx(expected, abs=1e-9)
    assert scores["recall@10"] < scores["recall@100"]
    far = [rows for rows, k in searched if k == 100]
    if again == "some":
        assert len(far) == 5 and 10 < sum(far) < 0.3 * 320
    else:  # after the first block all are searched once
        assert len(searched) == 6 and far[1:] == [64, 64, 64, 64]
