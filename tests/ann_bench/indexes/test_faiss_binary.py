"""Binary indexes: their search parameters, re-ranking against the plain way, and what they take."""

import numpy as np
import pytest

from ann_bench.factory import binarise
from ann_bench.indexes.faiss_binary import Index, grids
from datasets.errors import InputError
from datasets.vectors import exact

DRAW = np.random.default_rng(0)
CENTERS = DRAW.normal(size=(50, 32))
GALLERY = (CENTERS[DRAW.integers(50, size=2000)] + 0.8 * DRAW.normal(size=(2000, 32))).astype(np.float32)
QUERIES = (CENTERS[DRAW.integers(50, size=40)] + 0.8 * DRAW.normal(size=(40, 32))).astype(np.float32)


def codes(rows):
    return np.packbits(np.concatenate([rows, rows[:, ::-1] + rows], axis=1) > 0, axis=1)


def filled(build, metric="euclidean", seed=0):
    gallery = codes(GALLERY) if metric == "hamming" else GALLERY
    dim = 64 if metric == "hamming" else 32
    index = Index(build, dim=dim, metric=metric, count=len(gallery), seed=seed)
    index.set_threads(1)
    if index.training_rows:
        index.train(gallery[: index.training_rows])
    index.add(gallery)
    index.finish()
    return index


def recall(index, metric="euclidean"):
    queries, gallery = (codes(QUERIES), codes(GALLERY)) if metric == "hamming" else (QUERIES, GALLERY)
    truth = exact.search(queries, gallery, 10, metric=metric)
    neighbors, distances = index.search(queries, 10)
    if metric == "hamming":  # many tie
        return (distances <= truth[1][:, -1:]).mean()
    return np.mean([len(set(a) & set(b)) / 10 for a, b in zip(neighbors.tolist(), truth[0].tolist(), strict=True)])


@pytest.mark.parametrize(
    "build, name, values",
    [
        ("BIVF32", "nprobe", (1, 8, 32)),
        ("BIVF32_HNSW4", "nprobe", (1, 8, 32)),
        ("BHNSW4", "efSearch", (1, 30, 200)),
        ("BHash12", "nflip", (0, 2, 4)),
        ("BHash4x12", "nflip", (0, 1, 3)),
    ],
)
def test_search_parameters_buy_recall(build, name, values):
    index = filled(build, "hamming")
    found = []
    for value in values:
        index.tune(**{name: value})
        found.append(recall(index, "hamming"))
    assert found[0] < found[1] < found[2]
    index.tune()
    first = recall(index, "hamming")
    assert first == recall(filled(build, "hamming"), "hamming"), "without parameters it is as at first"


def test_the_coarse_graph_can_be_tuned():
    index = filled("BIVF128_HNSW2", "hamming")
    index.tune(nprobe=4, quantizer_efSearch=1)
    low = recall(index, "hamming")
    index.tune(nprobe=4, quantizer_efSearch=200)
    assert recall(index, "hamming") > low


def test_flat_is_exact_on_codes():
    assert recall(filled("BFlat", "hamming"), "hamming") == 1


@pytest.mark.parametrize("metric", ("euclidean", "angular", "inner_product"))
def test_reranking_is_sorting_the_nearest_codes_by_true_distance(metric):
    index = filled("RR64,BFlat,RFlat", metric, seed=3)
    index.tune(k_factor=7)
    neighbors, distances = index.search(QUERIES, 5)
    transform = binarise.random_rotation(GALLERY[: index.training_rows], 64, seed=3)
    gallery, queries = (np.unpackbits(binarise.codes(transform, rows), axis=1) for rows in (GALLERY, QUERIES))
    for query in range(len(QUERIES)):
        differing = (gallery != queries[query]).sum(axis=1)
        last = np.sort(differing)[34]  # all of fewer bits are re-ranked, and some of as many
        assert (differing[neighbors[query]] <= last).all()
        sure = np.flatnonzero(differing < last)
        found = {"euclidean": np.linalg.norm(GALLERY - QUERIES[query], axis=1)}
        found["inner_product"] = GALLERY @ QUERIES[query]
        found["angular"] = 0.5 * found["euclidean"] ** 2  # the index trusts rows to be of unit length
        np.testing.assert_allclose(distances[query], found[metric][neighbors[query]], rtol=1e-4)
        sign = -1 if metric == "inner_product" else 1
        left = np.setdiff1d(sure, neighbors[query])
        assert (sign * found[metric][left] >= sign * distances[query, -1] - 1e-4).all()


def test_reranking_buys_recall_and_true_distances():
    plain, refined = filled("ITQ32,BFlat"), filled("ITQ32,BFlat,RFlat")
    assert not plain.exact_distances and plain.search(QUERIES, 10)[1] is None and refined.exact_distances
    low = recall(plain)
    assert recall(refined) == pytest.approx(low, abs=0.05)  # but for which of equally near codes are taken
    refined.tune(k_factor=20)
    assert recall(refined) > low + 0.2
    refined.tune(k_factor=10**6)
    assert recall(refined) == 1


def test_a_query_that_no_table_has_finds_none():
    index = filled("RR64,BHash16,RFlat")
    neighbors, distances = index.search(-100 * np.ones((1, 32), np.float32), 10)
    assert (neighbors == -1).all() and np.isinf(distances).all()
    hamming = filled("BHash24", "hamming")
    neighbors, distances = hamming.search(codes(QUERIES), 10)
    assert (neighbors < 0).any() and (np.isinf(distances) == (neighbors < 0)).all()


@pytest.mark.parametrize("build", ("BFlat", "BHNSW8", "BHash16"))
def test_on_codes_the_librarys_own_arrays_are_what_is_timed(build):
    index = filled(build, "hamming")
    neighbors, distances = index.find(codes(QUERIES), 2010)
    assert distances.dtype == np.int32 and (neighbors < 0).any()
    in_bits = index.in_metric(distances)
    assert in_bits.dtype == np.float32 and (np.isinf(in_bits) == (neighbors < 0)).all()


def among(index, mask, queries, k):
    return index.find_passing(queries, k, index.passing(None, mask))


@pytest.mark.parametrize("share", (2, 50))
def test_a_graph_of_codes_finds_the_nearest_that_pass(share):
    index, mask = filled("BHNSW8", "hamming"), np.arange(len(GALLERY)) % share == 1
    index.tune(efSearch=400)
    passing = index.passing(None, mask)
    neighbors, distances = index.find_passing(codes(QUERIES), 10, passing)
    assert mask[neighbors[neighbors >= 0]].all() and (neighbors >= 0).mean() > 0.9
    true = exact.search(codes(QUERIES), codes(GALLERY)[mask], 10, metric="hamming")[1]
    high = (index.in_metric(distances) <= true[:, -1:]).mean()
    index.tune(efSearch=1)  # also of what was made ready before
    low = (index.in_metric(index.find_passing(codes(QUERIES), 10, passing)[1]) <= true[:, -1:]).mean()
    assert low < high and high > 0.9


@pytest.mark.parametrize("build", ("RR64,BFlat,RFlat", "RR64,BHNSW8,RFlat"))
def test_reranking_is_among_those_that_pass(build):
    index, mask = filled(build), np.arange(len(GALLERY)) % 4 == 1
    index.tune(k_factor=60, **({"efSearch": 1000} if "HNSW" in build else {}))
    neighbors, distances = among(index, mask, QUERIES, 10)
    true, apart = exact.search(QUERIES, GALLERY[mask], 10)
    found = neighbors == np.flatnonzero(mask)[true]
    assert mask[neighbors].all() and found.mean() > 0.95
    np.testing.assert_allclose(index.in_metric(distances)[found], apart[found], rtol=1e-4)
    few = np.arange(len(GALLERY)) < 3
    neighbors, distances = among(index, few, QUERIES, 10)
    assert (neighbors < 3).all() and (np.isinf(index.in_metric(distances)) == (neighbors < 0)).all()
    assert (neighbors[:, 3:] == -1).all() and (build != "RR64,BFlat,RFlat" or (neighbors[:, :3] >= 0).all())


def test_more_flips_than_bits_are_refused():
    index = Index("BHash12", dim=64, metric="hamming", count=10)
    index.check_search({"nflip": 12})
    with pytest.raises(InputError, match="--search=nflip=13: BHash12 has 12 bits to flip"):
        index.check_search({"nflip": 13})


@pytest.mark.parametrize("build", ("BFlat", "BIVF64", "BIVF64_HNSW8", "BHNSW16", "BHash10", "BHash4x10"))
def test_estimate(build, tmp_path, capfd):
    rows = DRAW.integers(0, 256, (20_000, 16)).astype(np.uint8)
    index = Index(build, dim=128, metric="hamming", count=len(rows))
    if index.training_rows:
        index.train(rows[: index.training_rows])
    index.add(rows)
    index.save(tmp_path / "index")
    assert index.estimate().disk == pytest.approx((tmp_path / "index").stat().st_size, rel=0.1)
    assert capfd.readouterr() == ("", ""), "no word from Faiss"


def test_default_grids_cover_all_kinds():
    for metric, start in (("hamming", ("BFlat", "BIVF", "BHNSW", "BHash")), ("euclidean", ("ITQ", "RR"))):
        builds = [grid.build for grid in grids(100_000, 128, metric)]
        assert all(any(build.startswith(kind) for build in builds) for kind in start)
    assert [grid.build for grid in grids(50, 128, "euclidean")] == ["RR64,BFlat,RFlat"]
    assert not any("BFlat" in grid.build for grid in grids(10**9, 128, "hamming"))
