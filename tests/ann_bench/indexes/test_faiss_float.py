"""faiss_float: every family by its factory string, its size beforehand, its parameters wherever they are hidden."""

import re

import faiss
import numpy as np
import pytest

from ann_bench.factory import faiss_parts
from ann_bench.indexes.faiss_float import Index, grids
from datasets.attributes.condition import All
from datasets.errors import InputError
from datasets.vectors import exact

COUNT, DIM = 1500, 16
# A build of each family -> search parameters that find much, the recall of 10 that they must reach.
FAMILIES = {
    "Flat": ({}, 1.0),
    "IVF16,Flat": ({"nprobe": 8, "max_codes": 0}, 0.97),
    "IVF16,PQ8np": ({"nprobe": 8}, 0.6),
    "IVF16,PQ8x4fs,RFlat": ({"nprobe": 8, "k_factor_rf": 8}, 0.95),
    "OPQ4_8,IVF16,PQ4np": ({"nprobe": 8}, 0.3),
    "OPQ4,IMI2x3,PQ4np,RFlat": ({"nprobe": 32, "max_codes": 1000, "k_factor_rf": 10}, 0.7),
    "IVF16_HNSW8,Flat": ({"nprobe": 8, "quantizer_efSearch": 16}, 0.97),
    "HNSW8,efConstruction=60": ({"efSearch": 80}, 0.97),
    "NSG16": ({"search_L": 60}, 0.97),
    "IVF16,SQ8": ({"nprobe": 16}, 0.95),
    "SQfp16": ({}, 0.99),
    "PCA8,Flat": ({}, 0.3),
    "IVF16,RaBitQ": ({"nprobe": 16, "qb": 8}, 0.3),
    "IVF16,RaBitQfs4,RFlat": ({"nprobe": 16, "qb": 6, "k_factor_rf": 4}, 0.97),
    "RaBitQ4": ({"qb": 0}, 0.75),
    "RQ4x4": ({}, 0.2),
    "PRQ2x2x4": ({}, 0.15),
    "NNDescent16": ({"search_L": 60}, 0.95),
    "HNSW8,PQ8x4np,RFlat": ({"efSearch": 100, "k_factor_rf": 10}, 0.8),
    "HNSW8,SQ8": ({"efSearch": 80}, 0.9),
    "IVF16_HNSW8,PQ8x4fs,Refine(SQ8)": ({"nprobe": 8, "quantizer_efSearch": 16, "k_factor_rf": 8}, 0.85),
}


def made(metric):
    draw = np.random.default_rng(4)
    centers = draw.normal(size=(30, DIM))
    rows = centers[draw.integers(30, size=COUNT + 60)] + 0.6 * draw.normal(size=(COUNT + 60, DIM))
    rows = rows.astype(np.float32)
    if metric == "angular":
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows[:COUNT], rows[COUNT:]


def new(build, metric="euclidean", count=COUNT, dim=DIM):
    return Index(build, dim=dim, metric=metric, count=count)


@pytest.fixture(scope="module")
def filled():
    """A function that gives a build with all rows in it, made only once."""
    there = {}

    def fill(build, metric="euclidean"):
        if (build, metric) not in there:
            index, gallery = new(build, metric), made(metric)[0]
            index.set_threads(1)
            if index.training_rows:
                index.train(gallery[: index.training_rows])
            for block in np.array_split(gallery, 3):
                index.add(block)
            index.finish()
            there[build, metric] = index
        return there[build, metric]

    return fill


def cases():
    only_l2 = ("IMI", "HNSW8,PQ")
    return [(b, m) for b in FAMILIES for m in Index.metrics if m != "inner_product" or not any(x in b for x in only_l2)]


@pytest.mark.parametrize("build, metric", cases())
def test_it_finds_the_nearest(build, metric, filled):
    search, floor = FAMILIES[build]
    gallery, queries = made(metric)
    index = filled(build, metric)
    index.tune(**search)
    neighbors, distances = index.search(queries, 10)
    truth = exact.search(queries, gallery, 10, metric=metric)[0]
    recall = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(neighbors.tolist(), truth.tolist(), strict=True)])
    assert recall >= (floor if metric != "inner_product" else 0.8 * floor)
    assert (distances is not None) == index.exact_distances
    if distances is not None:
        rows = gallery[neighbors].astype(np.float64)
        products = np.einsum("qkd,qd->qk", rows, queries.astype(np.float64))
        lengths = np.linalg.norm(rows - queries[:, None], axis=2)
        expected = {"euclidean": lengths, "inner_product": products, "angular": 1 - products}[metric]
        np.testing.assert_allclose(distances, expected, atol=1e-4)


def test_distances_are_given_only_where_they_are_the_rows_own():
    exact_builds = {build for build in FAMILIES if new(build).exact_distances}
    lossy = {"IVF16,PQ8np", "OPQ4_8,IVF16,PQ4np", "IVF16,SQ8", "SQfp16", "PCA8,Flat"}
    lossy |= {"IVF16,RaBitQ", "RaBitQ4", "RQ4x4", "PRQ2x2x4", "HNSW8,SQ8", "IVF16_HNSW8,PQ8x4fs,Refine(SQ8)"}
    assert exact_builds == set(FAMILIES) - lossy


PANORAMA = ("FlatL2Panorama8", "IVF16,FlatPanorama8", "HNSW8_FlatPanorama8")


@pytest.mark.parametrize("build", [*FAMILIES, "HNSW8,SQ8", "PQ8np", "PQ8x4fs", "IVF8,PQ4+4", "NSG16,SQ8", *PANORAMA])
def test_the_size_is_known_beforehand(build, filled):
    size = faiss.serialize_index(filled(build).made()).nbytes
    assert new(build).estimate().disk == pytest.approx(size, rel=0.15)


def test_an_estimate_makes_no_large_index():
    """Empty, its 2^28 lists would take 13 GB."""
    expected = new("OPQ16_96,IMI2x14,PQ16np", count=10**9, dim=96).estimate()
    assert 24e9 < expected.disk < 30e9 and expected.memory > expected.disk and expected.work > 1e12


def test_bits_of_a_query_are_tuned(filled):
    index, (gallery, queries) = filled("IVF16,RaBitQ"), made("euclidean")
    truth = exact.search(queries, gallery, 10, metric="euclidean")[0]
    recalls = []
    for bits in (1, 8):
        index.tune(nprobe=16, qb=bits)
        found = index.search(queries, 10)[0]
        recalls.append(np.mean([len(set(a) & set(b)) for a, b in zip(found.tolist(), truth.tolist(), strict=True)]))
    assert recalls[0] < recalls[1] - 1
    whole = index.passing(All(), np.ones(COUNT, bool))
    assert (index.find_passing(queries, 10, whole)[0] == index.find(queries, 10)[0]).mean() > 0.98


def test_parameters_are_found_through_what_wraps_them(filled):
    index = filled("OPQ4,IMI2x3,PQ4np,RFlat")
    index.tune(nprobe=5, max_codes=300, k_factor_rf=7)
    lists = faiss.extract_index_ivf(faiss.downcast_index(index.made().base_index))
    assert (lists.nprobe, lists.max_codes, index.made().k_factor) == (5, 300, 7)
    index.tune(nprobe=2)
    assert (lists.nprobe, lists.max_codes, index.made().k_factor) == (2, 0, 1)  # as if never set
    assert new("IVF16_HNSW8,Flat").tunes == {"nprobe": 1, "max_codes": 0, "quantizer_efSearch": 1}
    assert new("IVF16,PQ8x4fs").tunes == {"nprobe": 1}
    with pytest.raises(InputError, match="did you mean nprobe"):
        index.tune(nprob=3)


def test_ht_is_there_where_faiss_trains_for_it():
    assert "ht" in new("IVF16,PQ4").tunes and "ht" in new("PQ4").tunes
    assert "ht" not in new("IVF16,PQ4np").tunes and "ht" not in new("PQ4np").tunes
    lists = faiss_parts.make("OPQ4,IVF16,PQ4", DIM, "euclidean")
    faiss_parts.tune(lists, "ht", 20)
    assert faiss.downcast_index(lists.index).polysemous_ht == 20
    faiss_parts.tune(lists, "ht", 32)  # all bits: off
    assert faiss.downcast_index(lists.index).polysemous_ht == 0


def test_max_codes_and_ef_construction_do_something(filled):
    gallery, queries = made("euclidean")
    index = filled("IVF16,Flat")
    index.tune(nprobe=16, max_codes=0)
    whole = index.search(queries, 10)[0]
    index.tune(nprobe=16, max_codes=50)
    assert (index.search(queries, 10)[0] != whole).any()
    graphs = [new(f"HNSW4,efConstruction={ef}") for ef in (4, 100)]
    recalls = []
    for graph in graphs:
        graph.set_threads(1)
        graph.add(gallery)
        graph.tune(efSearch=20)
        found = graph.search(queries, 10)[0]
        recalls.append(np.mean([len(set(a) & set(b)) for a, b in zip(found.tolist(), whole.tolist(), strict=True)]))
    assert recalls[0] < recalls[1] - 0.2


@pytest.mark.parametrize("build", ("NSG16", "NNDescent16"))
def test_more_asked_of_a_graph_than_there_is(build, filled):
    """Of an NSG, Faiss itself never comes back from either."""
    index = filled(build)
    index.tune(search_L=COUNT + 50)
    assert index.search(made("euclidean")[1][:2], 10)[0].min() >= 0
    neighbors, distances = index.search(made("euclidean")[1][:2], COUNT + 5)
    assert (neighbors[:, COUNT:] == -1).all() and np.isinf(distances[:, COUNT:]).all()


def test_a_saved_index_answers_the_same(tmp_path, filled):
    for build in ("IVF16,PQ8x4fs,RFlat", "OPQ4_8,IVF16,PQ4np"):
        index, queries = filled(build), made("euclidean")[1]
        index.save(tmp_path / "index")
        again = new(build)
        again.load(tmp_path / "index")
        for each in (index, again):
            each.tune(nprobe=4)
        assert (index.search(queries, 10)[0] == again.search(queries, 10)[0]).all()


def test_training_rows_go_with_the_centroids():
    assert new("Flat").training_rows == new("HNSW16").training_rows == new("SQfp16").training_rows == 0
    assert new("IVF16,Flat").training_rows == COUNT
    rows = {n: new(f"IVF{n},Flat", count=10**8).training_rows for n in (64, 1024, 4096, 65536)}
    assert rows == {64: 1 << 16, 1024: 1 << 18, 4096: 1 << 18, 65536: 39 * 65536}
    assert new("IMI2x10,Flat", count=10**8).training_rows == 1 << 18  # two quantizers of 1,024, not a million


def test_training_is_silent(capfd, filled):
    index, gallery = new("OPQ2_4,IVF32,PQ2np"), made("euclidean")[0][:600]  # 39 rows a centroid would be 9,984
    index.set_threads(1)
    index.train(gallery)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "build, reason",
    [
        ("IVF16,Foo", "Faiss refuses it: could not parse code description Foo in IVF16,Foo"),
        ("nonsense", "could not parse index string nonsense"),
        ("", "could not parse"),
        ("PQ7", "should be a multiple of the number of subquantizers"),
        ("IVF99999999999999999999,Flat", "centroids"),
        ("IVF4096,Flat", "has 4096 centroids to find, but the gallery only 1500 rows"),
        ("IVF1k,PQ2x11", "2048 centroids"),
        ("IVF0,Flat", "at least 2 links a row, 1 list"),
        ("HNSW1", "at least 2 links"),
        ("PQ8x0", "1 bit"),
        ("IDMap,Flat", "leave IDMap out"),
        ("PCA32,Flat", "PCA cannot make 32 dimensions of 16 from 1500 rows"),
        ("PCAWR20,IVF16,PQ4", "PCA cannot make 20 dimensions of 16"),
        ("PCA8,PCA12,Flat", "PCA cannot make 12 dimensions of 8"),
        ("ITQ32,LSH", "ITQ cannot make 32 dimensions of 16"),
        ("OPQ32,Flat", "OPQ32 cannot cut 16 dimensions into 32 equal parts; OPQ32_D sets D"),
        ("OPQ5_16,IVF16,SQ8", "OPQ5 cannot cut 16 dimensions"),
        ("HNSW16,efConstruction=none", "whole number"),
        ("RQ4x8fs", "could not parse index string RQ4x8fs"),
        ("LSQ8x4fs", "Search type must be lsq2x4 or rq2x4"),
        ("RaBitQ4fs", "could not parse index string RaBitQ4fs"),
        ("NNDescent0", "from 1 to 1000 links"),
        ("NNDescent32,SQ8", "could not parse"),
        ("IVF16,Flat,efConstruction=50", "not in it"),
    ],
)
def test_what_cannot_be_built_is_one_clean_line(build, reason, capfd):
    with pytest.raises(InputError) as caught:
        new(build)
    line = str(caught.value)
    assert line.startswith(f"--build={build}: ") and reason in line
    assert not re.search(r"\n|\.cpp|std::|Error", line)
    assert capfd.readouterr() == ("", "")


def test_other_refusals():
    with pytest.raises(InputError, match="--build=IMI2x4,PQ4: IMI has no inner_product"):
        new("IMI2x4,PQ4", "inner_product")
    with pytest.raises(InputError, match="NSG needs more than 100 rows"):
        new("NSG16", count=100)
    with pytest.raises(InputError, match="NNDescent needs more than 100 rows"):
        new("NNDescent16", count=100)
    with pytest.raises(InputError, match="would search by L2 in it"):
        new("HNSW16,PQ8", "inner_product")
    with pytest.raises(InputError, match="--search=qb=9: RaBitQ takes at most 8"):
        new("IVF16,RaBitQ").check_search({"qb": 9})
    with pytest.raises(InputError, match="--search=qb=0: must be at least 1"):
        new("IVF16,RaBitQfs").check_search({"qb": 0})
    with pytest.raises(InputError, match="PCA cannot make 12 dimensions of 16 from 10 rows"):
        new("PCA12,Flat", count=10)
    with pytest.raises(InputError, match="--gpus=7: Faiss sees"):
        Index("IVF16,Flat", dim=DIM, metric="euclidean", count=COUNT, gpus=(7,))


def test_default_grids_have_every_family_and_grow_with_the_gallery():
    builds = " ".join(grid.build for grid in grids(100_000, 128, "euclidean"))
    for word in ("IVF1024,Flat", "x4fs,RFlat", "IVF1024,PQ16 ", "OPQ16_128,IVF", "IMI2x6", "_HNSW", "NSG", "SQ8"):
        assert word in builds
    assert "IVF4096,Flat" in {grid.build for grid in grids(1_000_000, 128, "euclidean")}
    assert "IVF16384,Flat" in {grid.build for grid in grids(10_000_000, 96, "euclidean")}
    assert not any("IMI" in grid.build for grid in grids(100_000, 128, "inner_product"))
    assert sum(len(grid.points()) for grid in grids(100_000, 128, "euclidean")) < 80


@pytest.mark.parametrize("count", [2, 20, 200, 1000])
@pytest.mark.parametrize("dim", [1, 7, 100])
def test_default_grids_fit_small_and_odd_sets(count, dim):
    for metric in Index.metrics:
        for grid in grids(count, dim, metric):
            index = new(grid.build, metric, count, dim)
            for point in grid.points():
                index.check_search(point)


def test_an_nsg_over_copies_is_refused():
    """Faiss itself never comes back."""
    index = new("NSG16")
    index.add(np.ones((COUNT, DIM), np.float32))
    with pytest.raises(InputError, match="most are the same"):
        index.finish()


@pytest.mark.parametrize(
    "build, search",
    [
        ("NSG8", {"search_L": 64}),
        ("NSG8,RFlat", {"search_L": 64, "k_factor_rf": 2}),
        ("NNDescent16", {"search_L": 64}),
        ("IVF4,RaBitQ", {"nprobe": 4, "qb": 4}),
        ("PCA6,IVF4_HNSW8,RaBitQ,RFlat", {"nprobe": 2, "qb": 2, "quantizer_efSearch": 4, "k_factor_rf": 3}),
        ("IVF128_NSG4,Flat", {"nprobe": 2, "quantizer_search_L": 4}),
    ],
)
def test_lines_that_serve_it_tune_every_part(build, search, tmp_path):
    rows = np.random.default_rng(0).normal(size=(1000, 8)).astype(np.float32)
    index = Index(build, dim=8, metric="euclidean", count=1000)
    assert set(search) <= set(index.tunes)
    index.set_threads(1)
    index.train(rows)
    index.add(rows)
    index.finish()
    index.save(tmp_path / "index")
    names = {"queries": rows[:20]}
    exec(index.serving(tmp_path / "index", search, 5), names)
    index.tune(**search)
    assert (names["rows"] == index.search(rows[:20], 5)[0]).all()
    read, tuned = names["index"], faiss_parts.inside(names["index"])
    values = {part.qb for part in tuned if hasattr(part, "qb")} | _lengths(read)
    assert values == {value for name, value in search.items() if name.endswith(("qb", "search_L"))}


def _lengths(index):
    """search_L of the graphs in it."""
    graphs = [getattr(part, "nsg", None) or getattr(part, "nndescent", None) for part in faiss_parts.inside(index)]
    return {graph.search_L for graph in graphs if graph}


@pytest.mark.parametrize("build", ["Flat", "HNSW8", "HNSW8,SQ8", "IVF16,Flat", "IVF16_HNSW8,SQ8", "IVF8,PQ4x4fs,RFlat"])
def test_what_was_saved_is_searched_where_it_lies(tmp_path, build):
    rows = np.random.default_rng(0).standard_normal((800, 16), np.float32)
    how = {"dim": 16, "metric": "euclidean", "count": len(rows)}
    saved, mapped = Index(build, **how), Index(build, **how)
    saved.train(rows)
    saved.add(rows)
    saved.save(tmp_path / "x.index")
    mapped.map(tmp_path / "x.index")
    saved.tune()
    mapped.tune()
    for ours, theirs in zip(mapped.search(rows[:30], 5), saved.search(rows[:30], 5), strict=True):
        assert (ours is None and theirs is None) or np.array_equal(ours, theirs)
    if mapped.filters:
        passing = mapped.passing(None, np.arange(800) % 2 == 0)
        assert (mapped.find_passing(rows[:30], 5, passing)[0] % 2 == 0).all()
