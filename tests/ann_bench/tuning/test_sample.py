"""Samples: so many rows and queries of a set, and no query finds itself in them either."""

import numpy as np

from ann_bench.tuning import sample
from ann_bench.tuning.worker import some_queries
from datasets.sources.vector_source import Source
from datasets.vectors.base import VectorSet, with_neighbors

ROWS = np.random.default_rng(0).normal(size=(3000, 4)).astype(np.float32)
OUT = VectorSet("set", "euclidean", ROWS, ROWS, attrs={"leave_one_out": True})


def test_sizes_grow_and_stay_clearly_below_the_set():
    assert sample.sizes(9_800) == [9_800] and sample.sizes(100_000) == [10_000]
    assert sample.sizes(1_000_000) == [10_000, 80_000] and sample.sizes(10**9)[-1] * 4 <= 10**9


def test_queries_that_are_rows_keep_being_those_rows():
    drawn = sample.drawn(OUT, 500, seed=0)
    assert len(drawn.gallery) == 500 and len(drawn.queries) == 1000 and not drawn.leave_one_out
    there = drawn.query_rows >= 0
    assert 50 < there.sum() < 400
    assert (drawn.gallery[drawn.query_rows[there]] == drawn.queries[there]).all()
    near = ((drawn.queries[~there, None] - drawn.gallery) ** 2).sum(axis=2).min(axis=1)
    assert (near > 0).all()


def test_a_sample_is_written_once_and_all_rows_are_the_set(tmp_path):
    given = Source(data="set")
    source, part = sample.source(OUT, given, 500, folder=tmp_path, seed=0)
    written = next(tmp_path.glob("*.h5")).stat().st_mtime_ns
    again, _ = sample.source(OUT, given, 500, folder=tmp_path, seed=0)
    assert source == again and written == next(tmp_path.glob("*.h5")).stat().st_mtime_ns
    assert (source.load().query_rows == sample.drawn(OUT, 500, seed=0).query_rows).all()
    assert sample.source(OUT, given, 3000, folder=tmp_path, seed=0) == (given, OUT)
    assert part.name != OUT.name


def test_some_queries_have_their_own_truth():
    whole = with_neighbors(OUT, 5)
    part = some_queries(whole, 40)
    assert len(part.queries) == 40 and (part.own_rows == some_queries(whole, 40).own_rows).all()
    assert (part.neighbors == whole.neighbors[part.own_rows]).all()
    assert (part.queries == ROWS[part.own_rows]).all() and some_queries(whole, 3000) is whole
