"""Vearch: build strings and limits in one line each, and its filters, without the library."""

import numpy as np
import pytest

from ann_bench.indexes.vearch import Index
from datasets.attributes.condition import All, Among, AnyOf, Between, Tagged
from datasets.errors import InputError

ABOUT = {"dim": 16, "metric": "euclidean", "count": 1000}


@pytest.mark.parametrize(
    "build, reason",
    [
        ("", "begin with HNSW, IVFPQ"),
        ("IVF_FLAT", "did you mean IVFFLAT"),
        ("IVFFLAT,ncentroids=26", "26 centroids need at least 1014 rows"),
        ("IVFPQ,ncentroids=8,nsubvector=5", "nsubvector must divide the dimension, 16"),
        ("HNSW,nlinks=1", "nlinks must be from 2 to 96"),
        ("FLAT,nlinks=8", "vearch FLAT is built from nothing else"),
    ],
)
def test_what_cannot_be_built(build, reason):
    with pytest.raises(InputError, match=f"--build=.*: .*{reason}"):
        Index(build, **ABOUT)


def test_an_address_is_one_line():
    with pytest.raises(InputError, match="--uri=http://here: vearch is searched in this machine only"):
        Index("FLAT", **ABOUT, uri="http://here")


def test_more_parts_than_there_are_is_one_line():
    with pytest.raises(InputError, match="--search=nprobe=9: there are only 8 centroids"):
        Index("IVFFLAT,ncentroids=8", **ABOUT).check_search({"nprobe": 9})


@pytest.mark.parametrize(
    "condition, filters",
    [
        (All(), [[]]),
        (Tagged(()), [[]]),
        (Among("word", ()), []),
        (Among("word", ("a", "b")), [[["word", ["a", "b"], "or"]]]),
        (Tagged((3, 12)), [[["", ["3", "12"], "and"]]]),
        (Among("number", (3,)), [[["number", 3, 3]]]),
        (Between("number", low=3, high=7, above=True, below=True), [[["number", 4, 6]]]),
        (Between("number", high=7), [[["number", -(2**63) + 1, 7]]]),
        (Between("share", low=0.5, above=True, high=0.75), [[["share", float(np.nextafter(0.5, 1)), 0.75]]]),
        (AnyOf((Among("number", (3,)), Among("word", ("a",)))), [[["number", 3, 3]], [["word", ["a"], "or"]]]),
    ],
)
def test_filters_are_those_of_the_engine(condition, filters):
    index = Index("FLAT", **ABOUT)
    index._edges = {"number": (-(2**63) + 1, 2**63 - 1), "share": (-1e38, 1e38)}
    assert index.passing(condition, np.ones(1000, bool)) == filters


def test_where_the_engine_finds_nothing_it_offers_nothing():
    offered = {build: (Index(build, **ABOUT).filters, Index(build, **ABOUT).changes) for build in ("FLAT", "HNSW")}
    assert offered == {"FLAT": ("", False), "HNSW": ("attributes", True)}
