"""Growth: what is measured stays, and each kind of index grows by its rule."""

import pytest

from ann_bench.factory.faiss_grids import inverted_lists
from ann_bench.results.extrapolate import grow, kind, resized, searched


@pytest.mark.parametrize(
    ("index", "build", "way"),
    [
        ("flat", "Flat", "scan"),
        ("faiss_float", "PQ16", "scan"),
        ("faiss_binary", "RR128,BHash16", "scan"),
        ("faiss_float", "IVF1024,Flat", "lists"),
        ("faiss_float", "OPQ16_64,IMI2x8,PQ16", "lists"),
        ("faiss_float", "IVF4096_HNSW32,PQ16", "lists"),
        ("faiss_binary", "ITQ128,BIVF1024,RFlat", "lists"),
        ("milvus", "IVF_FLAT,nlist=128", "lists"),
        ("faiss_float", "HNSW32,Flat", "graph"),
        ("faiss_float", "PCA64,NSG32", "graph"),
        ("faiss_binary", "BHNSW32", "graph"),
        ("hnswlib", "M=16", "graph"),
        ("annoy", "trees=50", "trees"),
        ("svs", "f32,degree=32,window=128", "graph"),
        ("usearch", "f16,connectivity=16,expansion_add=128", "graph"),
        ("ngt", "ANNG,edges=10", "graph"),
        ("sptag", "BKT,NeighborhoodSize=32,TPTNumber=8", "graph"),
        ("scann", "AH,leaves=316,block=2", "lists"),
        ("vearch", "IVFFLAT,ncentroids=316", "lists"),
    ],
)
def test_kinds(index, build, way):
    assert kind(index, build) == way


def test_nothing_changes_where_it_was_measured(made):
    row = made().row
    grown = grow(row, 100_000)
    assert (grown.build, grown.search, grown.qps, grown.build_seconds, grown.model) == (
        row["build"], row["search"], row["qps"], row["build_seconds"], "")  # fmt: skip
    assert grown.memory == row["search_peak_bytes"]


def test_memory_is_the_index_grown_and_the_process_as_it_was(made):
    assert grow(made().row, 10_000_000).memory == 100 * 52_000_000 + (150_000_000 - 52_000_000)
    assert grow(made(search_peak_bytes=1000).row, 200_000).memory == 2 * 52_000_000  # the index was mapped
    assert grow(made(index_bytes=0).row, 200_000).memory == 300_000_000


def test_a_scan_takes_time_by_the_vector(made):
    grown = grow(made("SQ8", search={}, qps=500).row, 1_000_000)
    assert (grown.build, grown.search) == ("SQ8", "")
    assert grown.qps == pytest.approx(50) and grown.build_seconds == pytest.approx(20)


def test_lists_grow_by_the_rule_and_probes_with_them(made):
    row = made("OPQ16_64,IVF512,PQ16", search={"nprobe": 16, "max_codes": 8000, "ht": 54}, qps=1000).row
    grown = grow(row, 10_000_000)
    more = inverted_lists(10_000_000) / inverted_lists(100_000)
    farther = more / 100 ** (1 / 3)
    lists, probes = 512 * more, 16 * farther
    assert more > 4 and grown.build == f"OPQ16_64,IVF{lists:.0f},PQ16"
    assert grown.search == f"nprobe={probes:.0f} max_codes={8000 * 100 * farther / more:.0f} ht=54"
    seen = (512 + 16 * 100_000 / 512, lists + probes * 10_000_000 / lists)
    assert grown.qps == pytest.approx(1000 * seen[0] / seen[1])
    assert grown.build_seconds == pytest.approx(2 * 100 * more)


@pytest.mark.parametrize(
    "words, number", [("IVF64k,Flat", "IVF65536,Flat"), ("IVF1M_HNSW32,PQ16", "IVF1048576_HNSW32,PQ16")]
)
def test_lists_by_the_thousand_are_as_many(made, words, number):
    for count in (10**7, 10**8, 10**5):
        one, other = (grow(made(build, gallery=10**6, qps=100).row, count) for build in (words, number))
        assert (one.qps, one.build_seconds, one.search) == (other.qps, other.build_seconds, other.search)
        assert one.build == other.build or count == 10**6


def test_with_fewer_vectors_no_search_parameter_becomes_nothing(made):
    for build, index, search in (
        ("IVF1024,Flat", "faiss_float", {"nprobe": 1, "max_codes": 100}),
        ("M=16", "hnswlib", {"ef": 1}),
        ("trees=10", "annoy", {"search_k": 1}),
    ):
        grown = grow(made(build, index=index, gallery=10**8, search=search).row, 1000)
        assert all(part.endswith("=1") for part in grown.search.split())
    off = grow(made(search={"nprobe": 8, "max_codes": 0}).row, 10**7)
    assert off.search.endswith(" max_codes=0")


def test_lists_under_a_graph_need_no_look_at_every_centroid(made):
    grown = grow(made("IVF1024_HNSW32,Flat", search={"nprobe": 16}, qps=1000).row, 10_000_000)
    more = inverted_lists(10_000_000) / inverted_lists(100_000)
    assert grown.build == f"IVF{1024 * more:.0f}_HNSW32,Flat"
    farther = more / 100 ** (1 / 3)
    assert grown.qps == pytest.approx(1000 / 100 * more / farther)
    assert grown.build_seconds == pytest.approx(200)


def test_a_product_of_quantizers_keeps_vectors_a_cell(made):
    assert grow(made("OPQ16_64,IMI2x8,PQ16").row, 1_600_000).build == "OPQ16_64,IMI2x10,PQ16"
    assert grow(made("IMI2x8,PQ16").row, 10**12).build == "IMI2x14,PQ16"
    grown = grow(made("IVF_FLAT,nlist=128", index="milvus").row, 10_000_000)
    assert grown.build == f"IVF_FLAT,nlist={128 * inverted_lists(10_000_000) // inverted_lists(100_000)}"


def test_graphs_and_trees_widen_their_search(made):
    graph = grow(made("M=16", index="hnswlib", search={"ef": 40}, qps=1000).row, 100_000 * 32)
    assert graph.search == "ef=67" and graph.qps == pytest.approx(1000 / 32**0.45)
    trees = grow(made("trees=50", index="annoy", search={"search_k": 1000}, qps=1000).row, 800_000)
    assert (
        trees.search == "search_k=2000" and trees.qps == pytest.approx(500) and trees.build_seconds == pytest.approx(16)
    )


@pytest.mark.parametrize("build", ["Flat", "IVF1024,Flat", "HNSW32", "IMI2x8,PQ16"])
def test_more_vectors_are_never_faster(made, build):
    found = [grow(made(build).row, count) for count in (10_000, 50_000, 100_000, 1_000_000, 10_000_000, 10**9)]
    assert [point.qps for point in found] == sorted((point.qps for point in found), reverse=True)
    assert [point.memory for point in found] == sorted(point.memory for point in found)


def test_lists_of_other_libraries_grow_under_their_own_names():
    for build, search in (("AH,leaves=300,block=2", "leaves_to_search"), ("IVFFLAT,ncentroids=300", "nprobe")):
        about = {"gallery": 10_000, "qps": 100, "build_seconds": 1, "index": "scann"}
        grown = grow({**about, "build": build, "search": f"{search}=20"}, 100_000)
        assert "=600" in grown.build and 15 <= float(grown.search.partition("=")[2]) < 20


def test_a_sample_s_build_and_parameters_are_those_of_the_whole_grown_down_and_up():
    assert resized("faiss_float", "IVF1024,Flat", 100_000, 10_000) == "IVF512,Flat"
    assert resized("hnswlib", "M=16", 100_000, 10_000) == "M=16"
    assert searched("hnswlib", "M=16", {"ef": 40}, 10_000, 100_000) == {"ef": 57}
    assert searched("svs", "degree=32", {"window": 40}, 10_000, 10_000) == {"window": 40}
    assert searched("ngt", "ANNG", {"epsilon": 0.1}, 10_000, 100_000) == {"epsilon": 0.1}
