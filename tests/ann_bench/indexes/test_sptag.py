"""SPTAG: build strings in one line each; with the library, what it prints, loses and gives back."""

import numpy as np
import psutil
import pytest

from ann_bench import indexes
from ann_bench.indexes.sptag import Index
from datasets.errors import InputError

ABOUT = {"dim": 16, "metric": "euclidean", "count": 1000}
needs_sptag = pytest.mark.skipif(not indexes.installed("sptag"), reason="needs the extra sptag")


@pytest.mark.parametrize(
    "build, reason",
    [
        ("", "begin with BKT or KDT"),
        ("BTK", "did you mean BKT"),
        ("KDT,TPTNumber=65", "TPTNumber must be from 1 to 64"),
        ("KDT,NeighborhoodSize=0", "NeighborhoodSize must be a whole number from 1"),
        ("BKT,Trees=1", "sptag BKT is built from NeighborhoodSize=N"),
    ],
)
def test_what_cannot_be_built(build, reason):
    with pytest.raises(InputError, match=f"--build=.*: .*{reason}"):
        Index(build, **ABOUT)


def test_the_library_waits_for_its_trees():
    few, many = (Index(f"BKT,TPTNumber={trees}", **ABOUT).estimate().work for trees in (2, 32))
    assert many - few > 4e11, "a tenth of a second more for each: 50 s in all"


@pytest.fixture(scope="module")
def index():
    found = Index("BKT,TPTNumber=1,CEF=50,MaxCheckForRefineGraph=100", **ABOUT)
    found.set_threads(1)
    found.add(np.random.default_rng(0).normal(size=(1000, 16)).astype(np.float32))
    return found


@needs_sptag
def test_searches_leave_nothing_behind(index):
    queries = np.random.default_rng(1).normal(size=(1000, 16)).astype(np.float32)
    index.find(queries, 100)
    before = psutil.Process().memory_info().rss
    for _ in range(20):  # 2,000,000 results of 40 bytes
        index.find(queries, 100)
    assert psutil.Process().memory_info().rss - before < 20e6


@needs_sptag
def test_what_it_cannot_do_is_an_error_of_one_line(index, tmp_path):
    with pytest.raises(RuntimeError, match="SPTAG cannot read what is there"):
        Index("BKT", **ABOUT).load(tmp_path / "none")
    index.remove(np.array([3]))
    with pytest.raises(RuntimeError, match="SPTAG could not remove row 3"):
        index.remove(np.array([3]))
