"""Saved codes, short ones and such as tie in their hundreds: every default build answers, and ties cost no recall."""

import numpy as np
import pytest

from ann_bench.indexes.faiss_binary import Index, grids
from ann_bench.measuring import measure, metrics
from ann_bench.options import RunOptions
from ann_bench.results import results
from ann_bench.sweep import run
from datasets.relevance import relevant
from datasets.stored import vectors_file
from datasets.vectors import exact
from datasets.vectors.base import VectorSet, with_neighbors

K, KINDS = 10, ("BFlat", "BIVF", "BHNSW", "BHash")


def codes(bits: int, *, several: bool = False, noise: float = 0.7, count: int = 1000, leave_one_out=False) -> VectorSet:
    """Signs around the centers of six classes or concepts, as of a hash network; with little noise most are equal."""
    draw = np.random.default_rng(bits)
    centers = draw.normal(size=(6, bits))

    def part(size: int) -> tuple[np.ndarray, np.ndarray]:
        shown = np.eye(6, dtype=bool)[draw.integers(6, size=size)]
        if several:
            shown |= draw.random((size, 6)) < 0.2
        activations = shown @ centers / np.sqrt(shown.sum(axis=1, keepdims=True)) + noise * draw.normal(
            size=(size, bits)
        )
        return np.packbits(activations > 0, axis=1), shown if several else shown.argmax(axis=1)

    gallery, labels = part(count)
    queries, query_labels = (gallery, labels) if leave_one_out else part(60)
    names = tuple(f"concept {i}" for i in range(6))
    return VectorSet(
        f"codes{bits}", "hamming", gallery, queries, gallery_labels=labels, query_labels=query_labels,
        class_names=names, attrs={"leave_one_out": leave_one_out},
    )  # fmt: skip


def answers(vectors: VectorSet):
    """(build, search, scores) of every default point, as the harness gets them."""
    for grid in grids(len(vectors.gallery), vectors.dim, "hamming"):
        index = Index(grid.build, dim=vectors.dim, metric="hamming", count=len(vectors.gallery))
        index.set_threads(1)
        if index.training_rows:
            index.train(vectors.gallery[: index.training_rows])
        index.add(vectors.gallery)
        index.finish()
        for search in grid.points():
            index.tune(**search)
            timed = measure.batch(index, vectors, vectors.queries, K, runs=1, threads=2)
            yield grid.build, search, metrics.scores(vectors, timed.neighbors, timed.distances)


@pytest.mark.parametrize("several", (False, True))
@pytest.mark.parametrize("bits", (16, 32, 48, 64))
def test_every_default_build_answers(bits, several):
    vectors = with_neighbors(codes(bits, several=several), K)
    best = {}
    for build, _, scores in answers(vectors):
        best[build] = max(best.get(build, 0), scores[f"k-recall@{K}"])
        assert 0 <= scores[f"label recall@{K}"] <= 1
        if build == "BFlat":
            assert scores[f"k-recall@{K}"] == scores["distance ratio"] == 1
    assert all(any(build.startswith(kind) for build in best) for kind in KINDS)
    assert all(score > (0.8 if build.startswith("BHash") else 0.99) for build, score in best.items()), best


def test_the_label_recall_of_several_labels_is_that_of_a_plain_loop():
    vectors = with_neighbors(codes(16, several=True, noise=4, count=60), 2)
    neighbors, distances = exact.search(vectors.queries, vectors.gallery, 2, metric="hamming")
    neighbors[::3, 1] = -1
    found = metrics.scores(vectors, neighbors, distances)["label recall@2"]
    plain = [
        any(set(np.flatnonzero(vectors.gallery_labels[row])) & wanted for row in rows if row >= 0)
        for rows, wanted in zip(neighbors, map(set, map(np.flatnonzero, vectors.query_labels)), strict=True)
    ]
    assert found == np.mean(plain) < 1


@pytest.mark.parametrize("bits", (8, 16, 32, 64))
def test_codes_of_which_most_are_equal(bits):
    """A few dozen codes, each many times: as few as there are inverted lists, and more equal ones than k."""
    vectors = with_neighbors(codes(bits, noise=0.02), K)
    assert len(np.unique(vectors.gallery, axis=0)) < 100 and (vectors.distances == 0).all(axis=1).mean() > 0.5
    for build, search, scores in answers(vectors):
        assert scores[f"k-recall@{K}"] >= scores[f"k-recall@{K} by id"]
        if build == "BFlat" or search.get("nprobe") == 64:
            assert scores[f"k-recall@{K}"] == 1, (build, search)


def test_equal_codes_in_leave_one_out():
    """A query among hundreds of equals: whichever of them an index drops or finds, itself it never finds."""
    vectors = with_neighbors(codes(16, noise=0.02, leave_one_out=True), K)
    assert (vectors.neighbors != np.arange(1000)[:, None]).all()
    scores = {build: found for build, _, found in answers(vectors)}
    assert scores["BFlat"][f"k-recall@{K}"] == 1
    same = relevant(vectors.query_labels[:, None], vectors.gallery_labels[vectors.neighbors]).any(axis=1).mean()
    assert scores["BFlat"][f"exact label recall@{K}"] == same


def test_a_gallery_of_fewer_codes_than_a_search_probes():
    vectors = with_neighbors(codes(16, count=12), K)
    found = {build: scores for build, _, scores in answers(vectors)}
    assert found["BFlat"][f"k-recall@{K}"] == found["BIVF1"][f"k-recall@{K}"] == found["BHNSW32"][f"k-recall@{K}"] == 1
    short = found["BHash2x8"]  # its tables hold too few: what is missing is no neighbor
    assert short[f"k-recall@{K}"] < 1 and np.isfinite(list(short.values())).all()


def test_where_every_true_distance_is_zero_there_is_no_ratio():
    same = np.zeros((30, 2), np.uint8)
    vectors = with_neighbors(VectorSet("equal", "hamming", same, same[:5]), K)
    for build, _, scores in answers(vectors):
        assert np.isnan(scores["distance ratio"]), build


def test_from_a_file_of_codes_to_the_results(tmp_path, capsys):
    vectors_file.save(tmp_path / "codes.h5", codes(32, several=True, count=300))
    asked = RunOptions(
        data=str(tmp_path / "codes.h5"), index="faiss_binary", mode="batch", threads=1, runs=1, out=tmp_path / "results"
    )
    run.main(asked)
    measured = results.read_all(asked.out)
    assert not results.read_failures(asked.out)
    assert {one.point.build for one in measured} == {"BFlat", "BIVF32", "BHNSW32", "BHash2x16"}
    for one in measured:
        assert one.point.metric == "hamming" and one.facts["dimension"] == 32
        assert {f"k-recall@{K}", f"label recall@{K}", f"exact label recall@{K}"} <= set(one.scores)
