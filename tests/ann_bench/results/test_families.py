"""Families: what belongs together, and that no two look the same."""

import pytest

from ann_bench.results.families import family, styles


@pytest.mark.parametrize(
    ("index", "build", "name"),
    [
        ("flat", "Flat", "flat"),
        ("flat", "", "flat"),
        ("faiss_float", "IVF1024,Flat", "faiss_float IVF,Flat"),
        ("faiss_float", "IVF4096_HNSW32,Flat", "faiss_float IVF_HNSW,Flat"),
        ("faiss_float", "IVF1024,PQ64x4fs,RFlat", "faiss_float IVF,PQfs,RFlat"),
        ("faiss_float", "OPQ16_64,IMI2x8,PQ16", "faiss_float OPQ,IMI,PQ"),
        ("faiss_float", "HNSW32,efConstruction=200", "faiss_float HNSW"),
        ("faiss_binary", "ITQ128,BIVF1024,RFlat", "faiss_binary ITQ,BIVF,RFlat"),
        ("hnswlib", "M=16, ef_construction=200", "hnswlib"),
        ("milvus", "IVF_FLAT,nlist=128", "milvus IVF_FLAT"),
        ("annoy", "trees=50", "annoy"),
        ("faiss_float", "IVF1024,SQ8", "faiss_float IVF,SQ8"),
        ("faiss_float", "HNSW32,SQfp16,efConstruction=100", "faiss_float HNSW,SQfp16"),
        ("faiss_float", "HNSW32_SQ8", "faiss_float HNSW_SQ8"),
        ("faiss_float", "IVF64,RaBitQ", "faiss_float IVF,RaBitQ"),
        ("faiss_float", "IVF64,RaBitQ4", "faiss_float IVF,RaBitQ4"),
        ("faiss_float", "IVF16,RaBitQfs4,RFlat", "faiss_float IVF,RaBitQfs4,RFlat"),
        ("faiss_float", "IVF64,PQ16x4fs,Refine(SQ8)", "faiss_float IVF,PQfs,Refine(SQ8)"),
        ("faiss_float", "NNDescent32", "faiss_float NNDescent"),
        ("usearch", "f16,connectivity=16", "usearch f16"),
        ("usearch", "bf16,connectivity=16", "usearch bf16"),
        ("usearch", "b1,connectivity=16", "usearch b1"),
        ("svs", "f32,degree=32", "svs f32"),
        ("svs", "LVQ4x8,degree=32", "svs LVQ4x8"),
        ("svs", "LeanVec4x8,degree=32,dims=64", "svs LeanVec4x8"),
        ("ngt", "ONNG,edges=50,outdegree=10", "ngt ONNG"),
        ("scann", "AH,leaves=100,block=2", "scann AH"),
        ("sptag", "BKT,NeighborhoodSize=32", "sptag BKT"),
        ("vearch", "HNSW,nlinks=32", "vearch HNSW"),
        ("milvus", "HNSW_SQ,M=16", "milvus HNSW_SQ"),
    ],
)
def test_a_family_is_a_build_without_its_sizes(index, build, name):
    assert family(index, build) == name


def test_no_two_families_look_the_same():
    names = [f"family {place}" for place in range(100)]
    found = styles([*names, *reversed(names)])
    assert list(found) == sorted(names)
    assert len(set(found.values())) == 100
    assert len({style.colour for style in styles(names[:18]).values()}) == 18
