"""Milvus: build strings and addresses in one line each; with Milvus Lite, search parameters and limits."""

import socket

import numpy as np
import pytest

from ann_bench import indexes
from ann_bench.indexes.milvus import Index
from datasets.errors import InputError
from datasets.vectors import exact

ABOUT = {"dim": 16, "metric": "euclidean", "count": 1000}
needs_milvus = pytest.mark.skipif(not indexes.installed("milvus"), reason="needs the extra milvus")


@pytest.mark.parametrize(
    "build, reason",
    [
        ("", "begin with FLAT, HNSW"),
        ("HNWS,M=8", "did you mean HNSW"),
        ("IVF_PQ,nlist=8", "begin with FLAT"),
        ("HNSW,M=1", "M must be from 2 to 2048"),
        ("HNSW,M=4096", "M must be from 2 to 2048"),
        ("IVF_FLAT,nlist=100000", "nlist must be from 1 to 65536"),
    ],
)
def test_what_cannot_be_built(build, reason):
    with pytest.raises(InputError, match=f"--build={build}: .*{reason}"):
        Index(build, **ABOUT)


def test_settings_of_another_kind_are_unknown():
    with pytest.raises(InputError, match="milvus IVF_FLAT is built from nlist=N"):
        Index("IVF_FLAT,M=8", **ABOUT)


def test_an_address_must_be_one():
    with pytest.raises(InputError, match="--uri=localhost: write the server's address, like http"):
        Index("FLAT", **ABOUT, uri="localhost")


def test_kinds_that_round_rows_give_no_distances():
    kinds = ("FLAT", "HNSW", "IVF_FLAT", "IVF_SQ8", "HNSW_SQ")
    assert [Index(kind, **ABOUT).exact_distances for kind in kinds] == [True, True, True, False, False]


@needs_milvus
def test_no_server_is_one_line():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        uri = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(InputError, match=f"--uri={uri}: Milvus does not answer there"):
            Index("FLAT", **ABOUT, uri=uri).load(None)


@needs_milvus
def test_search_parameters_buy_recall(tmp_path):
    draw = np.random.default_rng(0)
    gallery, queries = (draw.normal(size=(n, 16)).astype(np.float32) for n in (1000, 20))
    index = Index("IVF_FLAT,nlist=32", **ABOUT)
    index.add(gallery)
    index.finish()
    index.save(tmp_path / "index")
    loaded = Index("IVF_FLAT,nlist=32", **ABOUT)
    loaded.load(tmp_path / "index")
    truth = exact.search(queries, gallery, 10)[0]
    found = []
    for nprobe in (1, 8, 32):
        loaded.tune(nprobe=nprobe)
        neighbors = loaded.search(queries, 10)[0]
        pairs = zip(neighbors.tolist(), truth.tolist(), strict=True)
        found.append(np.mean([len(set(one) & set(other)) / 10 for one, other in pairs]))
    assert found[0] < found[1] < found[2] == 1
    with pytest.raises(InputError, match="--k=20000: Milvus finds at most 16384"):
        loaded.search(queries, 20_000)


@needs_milvus
def test_links_arrive(tmp_path):
    gallery = np.random.default_rng(0).normal(size=(1000, 16)).astype(np.float32)
    sizes = []
    for links in (4, 64):
        index = Index(f"HNSW,M={links},efConstruction=20", **ABOUT)
        index.add(gallery)
        index.finish()
        index.save(tmp_path / str(links))
        sizes.append(sum(file.stat().st_size for file in (tmp_path / str(links)).rglob("*.idx")))
    assert sizes[1] - sizes[0] == pytest.approx(1000 * 8 * (64 - 4), rel=0.05)
