"""What Faiss's indexes can do besides: of every family, what is offered held against brute force."""

import faiss
import numpy as np
import pytest

from ann_bench.factory import faiss_abilities
from ann_bench.factory.faiss_abilities import Passing
from ann_bench.indexes.faiss_float import Index
from datasets.attributes.condition import All

COUNT, DIM, QUERIES, K = 600, 16, 20, 5

# A build of each family -> search parameters, and what it offers: f filters, r ranges, c changes, g grows.
FAMILIES = {
    "Flat": ({}, "frcg"),
    "SQ8": ({}, "frcg"),
    "PQ8x4np": ({}, "rcg"),
    "PQ8x4fs": ({}, "cg"),
    "RaBitQ4": ({}, "frcg"),
    "RaBitQfs": ({}, "cg"),
    "LSH": ({}, "cg"),
    "RQ4x4": ({}, "rcg"),
    "IVF8,Flat": ({"nprobe": 8}, "frcg"),
    "IVF8,SQ8": ({"nprobe": 8}, "frcg"),
    "IVF8,PQ8x4np": ({"nprobe": 8}, "frcg"),
    "IVF8,PQ8x4fs": ({"nprobe": 8}, "fcg"),
    "IVF8,RaBitQ4": ({"nprobe": 8}, "frcg"),
    "IVF8,RaBitQfs4": ({"nprobe": 8}, "fg"),
    "IVF8,RQ4x4": ({"nprobe": 8}, "rcg"),
    "IVF8,PQ4+4": ({"nprobe": 8}, "rg"),
    "IVF8_HNSW8,Flat": ({"nprobe": 8, "quantizer_efSearch": 20}, "frcg"),
    "HNSW8": ({"efSearch": 200}, "frg"),
    "HNSW8,SQ8": ({"efSearch": 200}, "frg"),
    "NSG16": ({"search_L": 50}, ""),
    "OPQ4_16,IVF8,PQ8x4np": ({"nprobe": 8}, "frcg"),
    "PCA12,Flat": ({}, "frcg"),
    "L2norm,Flat": ({}, "fcg"),
    "IVF8,PQ8x4fs,RFlat": ({"nprobe": 8, "k_factor_rf": 30}, "fg"),
    "IVF8,PQ8x4np,RFlat": ({"nprobe": 8, "k_factor_rf": 30}, "frg"),
    "HNSW8,SQ8,RFlat": ({"efSearch": 200, "k_factor_rf": 4}, "frg"),
    "PQ8x4np,RFlat": ({"k_factor_rf": 30}, "rg"),
    "NSG16,RFlat": ({}, ""),
}
EUCLIDEAN = ("LSH", "IVF8,PQ4+4")  # which Faiss has for nothing else


def made(metric):
    """Gallery (COUNT, DIM), queries (QUERIES, DIM), and how far apart they are (QUERIES, COUNT), the nearest least."""
    draw = np.random.default_rng(8)
    centers = draw.normal(size=(12, DIM))
    rows = (centers[draw.integers(12, size=COUNT + QUERIES)] + 0.6 * draw.normal(size=(COUNT + QUERIES, DIM))).astype(
        np.float32
    )
    if metric == "angular":
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    gallery, queries = rows[:COUNT], rows[COUNT:]
    if metric == "euclidean":
        return gallery, queries, np.linalg.norm(queries[:, None].astype(np.float64) - gallery, axis=2)
    products = queries.astype(np.float64) @ gallery.T
    return gallery, queries, -products if metric == "inner_product" else 1 - products


def filled(build, metric, *, changing=False):
    index, gallery = Index(build, dim=DIM, metric=metric, count=COUNT), made(metric)[0]
    index.set_threads(1)
    if changing:
        index.expect_changes()
    if index.training_rows:
        index.train(gallery[: index.training_rows])
    index.add(gallery)
    index.finish()
    index.tune(**FAMILIES[build][0])
    return index


@pytest.fixture(scope="module")
def whole():
    """A function that gives a build with all rows in it, made only once; not to be changed."""
    there = {}

    def get(build, metric):
        if (build, metric) not in there:
            there[build, metric] = filled(build, metric)
        return there[build, metric]

    return get


def offering(letter):
    offering = [build for build, (_, can) in FAMILIES.items() if letter in can]
    cases = [(b, m) for b in offering for m in Index.metrics if m == "euclidean" or b not in EUCLIDEAN]
    return pytest.mark.parametrize("build, metric", cases)


def recall(found, apart, among):
    true = np.argsort(np.where(among, apart, np.inf), axis=1)[:, : found.shape[1]]
    return np.mean([len(set(a) & set(b)) / len(a) for a, b in zip(true.tolist(), found.tolist(), strict=True)])


@pytest.mark.parametrize("build", FAMILIES)
def test_what_is_offered(build):
    index = Index(build, dim=DIM, metric="euclidean", count=COUNT)
    abilities = {"f": index.filters == "rows", "r": index.ranges, "c": index.changes, "g": index.grows}
    assert "".join(letter for letter, can in abilities.items() if can) == FAMILIES[build][1]


@pytest.mark.parametrize("build", [build for build, (_, can) in FAMILIES.items() if "f" not in can])
def test_what_is_not_offered_faiss_refuses_itself(build, whole):
    """So that nothing is kept from anybody that Faiss has."""
    index = whole(build, "euclidean")
    selector = Passing.of(np.ones(COUNT, bool)).selector
    for kind in (faiss.SearchParameters, faiss.SearchParametersIVF):
        with pytest.raises(RuntimeError, match="not supported|cannot be combined|incorrect type|params"):
            index.made().search(made("euclidean")[1], K, params=kind(sel=selector))


@offering("f")
def test_filtered_it_finds_as_well_as_without(build, metric, whole):
    index, (_, queries, apart) = whole(build, metric), made(metric)
    without = recall(index.find(queries, K)[0], apart, np.ones(COUNT, bool))
    for share in (1.0, 0.5, 0.05):
        rows = np.random.default_rng(2).random(COUNT) < share
        found = index.find_passing(queries, K, index.passing(All(), rows))[0]
        assert rows[found[found >= 0]].all()
        assert recall(found, apart, rows) >= without - 0.15 or "HNSW" in build and share == 0.05 and (found < 0).any()


def test_a_filter_searches_as_the_index_is_tuned(whole):
    """Faiss takes parameters in place of the index's own, all of them."""
    for build, fast, slow in (
        ("IVF8,Flat", {"nprobe": 1}, {"nprobe": 8}),
        ("HNSW8", {"efSearch": 1}, {"efSearch": 100}),
        ("IVF8,PQ8x4np,RFlat", {"nprobe": 8, "k_factor_rf": 2}, {"nprobe": 8, "k_factor_rf": 30}),
        ("OPQ4_16,IVF8,PQ8x4np", {"nprobe": 8, "max_codes": 30}, {"nprobe": 8}),
        ("IVF8,RaBitQ4", {"nprobe": 8, "max_codes": 30}, {"nprobe": 8}),
    ):
        index, (_, queries, _) = whole(build, "euclidean"), made("euclidean")
        passing = index.passing(All(), np.ones(COUNT, bool))  # made once, before any of them
        for search in (fast, slow, fast):
            index.tune(**search)
            found, without = index.find_passing(queries, K, passing)[0], index.find(queries, K)[0]
            assert (found == without).mean() > 0.97, build  # codes tie
        index.tune(**slow)
        slowly = index.find_passing(queries, K, passing)[0]
        index.tune(**fast)
        assert (index.find_passing(queries, K, passing)[0] != slowly).any(), build
        index.tune(**FAMILIES[build][0])


def pairs(index, queries, radius):
    ends, ids = index.find_within(queries, radius)
    assert ends.shape == (len(queries) + 1,) and ends[0] == 0 and ends[-1] == len(ids)
    found = np.zeros((len(queries), COUNT), int)
    np.add.at(found, (np.repeat(np.arange(len(queries)), np.diff(ends)), ids), 1)
    assert found.max() <= 1
    return found == 1


@offering("r")
def test_what_lies_in_a_range(build, metric, whole):
    index, (_, queries, apart) = whole(build, metric), made(metric)
    edge = np.quantile(apart, 0.02)
    found, true = pairs(index, queries, -edge if metric == "inner_product" else edge), apart <= edge
    both = (found & true).sum()
    if index.exact_distances:
        assert both == found.sum()
    assert both >= (0.95 if index.exact_distances and "PQ" not in build else 0.4) * true.sum()
    assert found.sum() <= 12 * true.sum(), "codes guess, but not that everything is near"


def test_a_range_ends_with_its_radius_itself(whole):
    gallery = made("euclidean")[0]
    index = whole("Flat", "euclidean")
    assert pairs(index, gallery[:1], 0.0)[0].nonzero()[0].tolist() == [0]
    assert not pairs(index, gallery[:1], -1.0).any()


@offering("c")
def test_half_removed_and_added_again(build, metric):
    index, (gallery, queries, apart) = filled(build, metric, changing=True), made(metric)
    before = recall(index.find(queries, K)[0], apart, np.ones(COUNT, bool))
    gone = np.random.default_rng(4).permutation(COUNT)[: COUNT // 2]
    there = np.ones(COUNT, bool)
    for part in np.array_split(gone, 2):
        index.remove(part)
        there[part] = False
        found = index.find(queries, K)[0]
        assert there[found[found >= 0]].all()
        assert recall(found, apart, there) >= before - 0.15
    index.add(gallery[gone])
    found = index.find(queries, K)[0]
    assert found.max() >= COUNT and not np.isin(found, gone).any()
    again = np.where(found >= COUNT, gone[np.maximum(found - COUNT, 0)], found)
    assert recall(again, apart, np.ones(COUNT, bool)) >= before - 0.15


@offering("g")
def test_it_grows_after_it_was_searched(build, metric):
    index, (_, queries, _) = filled(build, metric), made(metric)
    index.find(queries, K)
    index.add(queries)
    found = index.find(queries, K)[0]
    assert (found >= COUNT).any() and found.max() < COUNT + QUERIES


def test_a_selector_reads_rows_by_their_bits():
    rows = np.random.default_rng(0).random(21) < 0.5
    passing = Passing.of(rows)
    assert [passing.selector.is_member(row) for row in range(24)] == [*rows.tolist(), False, False, False]


def test_rows_are_numbered_for_good():
    assert isinstance(faiss_abilities.numbered(faiss.index_factory(8, "PCA4,Flat")), faiss.IndexIDMap)
    assert isinstance(faiss_abilities.numbered(faiss.index_factory(8, "PCA4,IVF2,Flat")), faiss.IndexPreTransform)
