"""Small builds of every index, and what they are built from; a new index joins here with a small build of it."""

import numpy as np
import pytest

from ann_bench import indexes
from datasets.vectors import exact

COUNT, DIM, BITS, QUERIES, K = 800, 32, 64, 40, 10

# The index's name -> small builds of it, each with search parameters that find nearly everything, and the metrics that
# the build can do where it cannot do all of its index's.
BUILDS = {
    "annoy": [("trees=10", {"search_k": 2000})],
    "faiss_binary": [
        ("ITQ32,BIVF16,RFlat", {"nprobe": 16, "k_factor": 40}, "euclidean", "angular", "inner_product"),
        ("ITQ32,BFlat,RFlat", {"k_factor": 60}, "euclidean"),
        ("BFlat", {}, "hamming"),
        ("BIVF16", {"nprobe": 16}, "hamming"),
        ("BHNSW16", {"efSearch": 200}, "hamming"),
        ("BHash4x8", {"nflip": 3}, "hamming"),
    ],
    "faiss_float": [
        ("IVF16,Flat", {"nprobe": 12}),
        ("HNSW16", {"efSearch": 100}),
        ("NNDescent16", {"search_L": 100}),
        ("IVF16,RaBitQfs4,RFlat", {"nprobe": 16, "k_factor_rf": 4}),
    ],
    "flat": [("Flat", {})],
    "hnswlib": [("M=8,ef_construction=60", {"ef": 100})],
    "ngt": [
        # A search begins where chance has it: wide enough that it finds nearly everything from everywhere.
        ("ANNG,edges=10", {"epsilon": 1.0}),
        # With fewer links the graph falls apart, and NGT, whose searches begin where chance has it, may not get across.
        ("ONNG,edges=50,outdegree=20,indegree=60", {"epsilon": 0.3, "edge_size": 0}, "euclidean", "angular"),
    ],
    "svs": [  # a graph that can change takes 1.6 GB, and a while, whatever is in it
        ("f32,degree=16,window=60", {"window": 100}, "euclidean"),
        ("f16,degree=16,window=60", {"window": 100}),
    ],
    "usearch": [
        ("f32,connectivity=8", {"expansion_search": 100}, "euclidean", "angular", "inner_product"),
        ("f16,connectivity=8", {"expansion_search": 100}, "euclidean", "angular", "inner_product"),
        ("bf16,connectivity=8", {"expansion_search": 100}, "euclidean"),
        ("i8,connectivity=8", {"expansion_search": 100}, "angular"),
        ("b1,connectivity=8", {"expansion_search": 100}, "hamming"),
    ],
    "scann": [
        ("AH,leaves=16", {"leaves_to_search": 16, "pre_reorder_num_neighbors": 400}),
        ("BF,leaves=16", {"leaves_to_search": 16}, "euclidean"),
        ("AH,block=3", {"pre_reorder_num_neighbors": 400}, "inner_product"),
    ],
    "sptag": [
        (f"{kind},TPTNumber=2,CEF=100,MaxCheckForRefineGraph=500", {"MaxCheck": 3000}) for kind in ("BKT", "KDT")
    ],
    "vearch": [
        ("HNSW,nlinks=16,efConstruction=60", {"efSearch": 200}, "euclidean"),
        ("IVFPQ,ncentroids=8,nsubvector=16", {"nprobe": 8, "recall_num": 200}, "angular"),
        ("IVFFLAT,ncentroids=8", {"nprobe": 8}, "inner_product"),
    ],
    "milvus": [("HNSW,M=8,efConstruction=60", {"ef": 100}), ("IVF_SQ8,nlist=16", {"nprobe": 16}), ("FLAT", {})],
}
EXACT = ("flat",)
RECALL = 0.9


def cases():
    """(index, build, search, metric) for all builds, and all metrics by which they can be had."""
    for name in indexes.names():
        assert name in BUILDS, f"{name} has no small build: add one to BUILDS"
        if not indexes.installed(name):
            yield pytest.param(name, "", {}, "", id=name, marks=pytest.mark.skip("not installed"))
            continue
        for build, search, *only in BUILDS[name]:
            for metric in only or indexes.get(name).Index.metrics:
                yield pytest.param(name, build, search, metric, id=f"{name}-{build.split(',')[0]}-{metric}")


def rows(metric):
    """Gallery and queries: clusters that overlap, and every tenth gallery row a second time."""
    draw = np.random.default_rng(3)
    centers = draw.normal(size=(20, DIM))
    floats = centers[draw.integers(20, size=COUNT + QUERIES)] + 0.7 * draw.normal(size=(COUNT + QUERIES, DIM))
    floats = floats.astype(np.float32)
    floats[1:COUNT:10] = floats[0:COUNT:10]
    if metric == "hamming":
        floats = np.packbits(np.concatenate([floats, floats @ draw.normal(size=(DIM, DIM))], axis=1) > 0, axis=1)
    if metric == "angular":
        floats /= np.linalg.norm(floats, axis=1, keepdims=True)
    floats.flags.writeable = False  # as those of a memory map
    return floats[:COUNT], floats[COUNT:]


def true_distances(queries, gallery, neighbors, metric):
    """The distances (Q, k) of given neighbors, in double precision and the plainest way."""
    far = -np.inf if metric == "inner_product" else np.inf
    found = np.full(neighbors.shape, far)
    for row, column in zip(*np.nonzero(neighbors >= 0), strict=True):
        one, other = queries[row], gallery[neighbors[row, column]]
        if metric == "hamming":
            found[row, column] = bin(int.from_bytes(one) ^ int.from_bytes(other)).count("1")
        elif metric == "euclidean":
            found[row, column] = np.linalg.norm(one.astype(np.float64) - other)
        else:
            product = one.astype(np.float64) @ other
            found[row, column] = product if metric == "inner_product" else 1 - product
    return found


def recall(queries, gallery, neighbors, metric):
    """The share of neighbors that are no farther than the true k-th."""
    truth = exact.search(queries, gallery, neighbors.shape[1], metric=metric)[0]
    bound = true_distances(queries, gallery, truth, metric)[:, -1:]
    found = true_distances(queries, gallery, neighbors, metric)
    near = found >= bound - 1e-4 if metric == "inner_product" else found <= bound + 1e-4
    return near.mean()


def new(name, build, metric, count=COUNT, dim=None):
    size = dim or (BITS if metric == "hamming" else DIM)
    return indexes.get(name).Index(build, dim=size, metric=metric, count=count, seed=7)


def filled(name, build, metric, blocks=1, *, ready=lambda index: None, first=COUNT, count=COUNT):
    """An index as the harness builds it, made ``ready``, of the ``first`` rows and with room for ``count``."""
    gallery = rows(metric)[0][:first]
    index = new(name, build, metric, count)
    ready(index)
    index.set_threads(1)
    if index.training_rows:
        assert index.training_rows <= count
        index.train(gallery[: index.training_rows])
    for block in np.array_split(gallery, blocks):
        index.add(block)
    index.finish()
    return index
