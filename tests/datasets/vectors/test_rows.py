"""Rows in blocks, gathered, sampled and prepared, in memory and mapped; and how little of a map stays resident."""

import subprocess
import sys

import numpy as np
import pytest

from datasets.stored import formats
from datasets.vectors import rows


@pytest.fixture(params=["memory", "strided", "mapped", "mapped and strided"])
def vectors(request, tmp_path) -> tuple[np.ndarray, np.ndarray]:
    """Vectors somewhere, and the same ones plainly in memory."""
    plain = np.random.default_rng(0).normal(size=(3000, 6)).astype(np.float32)
    if request.param.startswith("mapped"):
        path = tmp_path / ("a.fbin" if request.param == "mapped" else "a.fvecs")
        formats.write(path, plain)
        return formats.read(path), plain
    return np.asfortranarray(plain) if request.param == "strided" else plain, plain


@pytest.mark.parametrize("size", [1, 7, 3000, 10_000])
def test_blocks_are_all_rows_in_order(vectors, size):
    somewhere, plain = vectors
    found = list(rows.blocks(somewhere, size))
    assert [start for start, _ in found] == list(range(0, 3000, size))
    assert all(len(block) == size for _, block in found[:-1])
    assert all(block.flags.c_contiguous and block.flags.aligned for _, block in found)
    np.testing.assert_array_equal(np.concatenate([block for _, block in found]), plain)


def test_taken_rows_come_in_the_order_asked_for(vectors):
    somewhere, plain = vectors
    ids = np.random.default_rng(1).integers(0, 3000, 5000)  # some twice
    taken = rows.take(somewhere, ids)
    np.testing.assert_array_equal(taken, plain[ids])
    assert taken.flags.c_contiguous and not np.shares_memory(taken, somewhere)
    assert rows.take(somewhere, ids[:0]).shape == (0, 6)


def test_taken_from_a_map_that_is_too_large_to_stay(vectors, monkeypatch):
    somewhere, plain = vectors
    assert rows.may_stay(somewhere)
    monkeypatch.setattr(rows, "_SMALL_BYTES", 70_000)  # of 72,000
    assert rows.may_stay(somewhere) != rows.is_mapped(somewhere)
    assert rows.may_stay(somewhere[:, :2]) != rows.is_mapped(somewhere)  # which lies all over the file
    assert rows.may_stay(somewhere[:2000])
    ids = np.random.default_rng(1).integers(0, 3000, 5000)
    np.testing.assert_array_equal(rows.take(somewhere, ids), plain[ids])


def test_rows_of_a_small_map_are_not_given_back(vectors, monkeypatch):
    """Each of which costs more than to take the rows."""
    given = []
    monkeypatch.setattr(rows, "give_back", given.append)
    rows.take(vectors[0], np.arange(3000))
    assert not given


def test_a_sample_is_different_rows_and_always_the_same(vectors):
    somewhere, plain = vectors
    ids = rows.sample_ids(3000, 100, seed=3)
    assert len(set(ids)) == 100 and (np.diff(ids) > 0).all() and ids.max() < 3000
    np.testing.assert_array_equal(rows.sample(somewhere, 100, seed=3), plain[ids])
    assert (rows.sample_ids(3000, 100, seed=4) != ids).any()
    np.testing.assert_array_equal(rows.sample(somewhere, 5000, seed=3), plain)


def test_prepared_rows(vectors):
    somewhere, plain = vectors
    np.testing.assert_array_equal(rows.prepared(somewhere, "euclidean"), plain)
    unit = rows.prepared(somewhere, "angular")
    np.testing.assert_allclose([float(row @ row) for row in unit.astype(np.float64)], 1, rtol=1e-6)
    np.testing.assert_allclose(unit * np.linalg.norm(plain, axis=1)[:, None], plain, rtol=1e-5, atol=1e-6)
    assert unit.dtype == np.float32 and unit.flags.c_contiguous


def test_prepared_converts_and_leaves_rows_of_zeros():
    assert rows.prepared(np.array([[-3, 4]], np.int8), "angular").tolist() == [
        [pytest.approx(-0.6), pytest.approx(0.8)]
    ]
    assert rows.prepared(np.zeros((1, 2), np.float32), "angular").tolist() == [[0, 0]]
    codes = np.array([[255, 1]], np.uint8)
    assert rows.prepared(codes, "hamming") is codes and rows.prepared(codes, "euclidean").dtype == np.float32


@pytest.mark.parametrize("metric", ["euclidean", "angular"])
def test_a_copy_goes_where_there_is_room(vectors, metric):
    somewhere, _ = vectors
    room = np.full((3100, 6), np.nan, np.float32)
    found = rows.prepared(somewhere, metric, room=room)
    np.testing.assert_array_equal(found, rows.prepared(somewhere, metric))
    in_place = metric == "euclidean" and somewhere.flags.c_contiguous
    assert np.shares_memory(found, somewhere if in_place else room)
    assert np.isnan(room[3000:]).all()


def test_rows_of_zeros_stay_so_where_something_else_was():
    room = np.ones((1, 2), np.float32)
    assert rows.prepared(np.zeros((1, 2), np.float32), "angular", room=room).tolist() == [[0, 0]]


def test_what_is_mapped(tmp_path):
    formats.write(tmp_path / "a.fbin", np.ones((3, 2), np.float32))
    mapped = formats.read(tmp_path / "a.fbin")
    assert rows.is_mapped(mapped) and rows.is_mapped(mapped[1:, 1:])
    assert not rows.is_mapped(np.array(mapped)) and not rows.is_mapped(np.ones(3))


def test_what_was_written_into_a_private_map_is_not_lost(tmp_path):
    formats.write(tmp_path / "a.fbin", np.ones((3, 2), np.float32))
    private = np.memmap(tmp_path / "a.fbin", np.float32, "c", 8, (3, 2))
    private[1] = 5
    rows.give_back(private)
    assert private[1].tolist() == [5, 5]


RESIDENT = """
import re, sys
from pathlib import Path
from datasets.stored import formats
from datasets.vectors import rows
def resident(): return int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
rows._SMALL_BYTES = 1 << 24
before = resident()
vectors = formats.read(sys.argv[1])
if sys.argv[2] == "blocks":
    assert sum(float(block[:, 0].sum()) for _, block in rows.blocks(vectors, 10_000)) == len(vectors)
else:
    rows.sample(vectors, 10_000, seed=0)
print(resident() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux what is resident")
@pytest.mark.parametrize("suffix", [".fvecs", ".fbin"])
@pytest.mark.parametrize("way", ["blocks", "sample"])
def test_a_large_file_stays_outside_of_memory(tmp_path, suffix, way):
    """80 MB are walked through in blocks of 8 MB, or 10,000 of 100,000 rows (8 MB) taken all over the file."""
    vectors = np.ones((100_000, 200), np.float32)
    formats.write(tmp_path / f"a{suffix}", vectors)
    command = [sys.executable, "-c", RESIDENT, str(tmp_path / f"a{suffix}"), way]
    megabytes = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert megabytes < 50, megabytes
