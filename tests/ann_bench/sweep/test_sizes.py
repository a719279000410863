"""Sizes that follow the set: lists by its rows, parts and bits by its dimensions, as their own words say."""

import math

import pytest

from ann_bench.sweep import sizes


@pytest.mark.parametrize("count", [1, 2, 12, 50, 2832, 100_000])
@pytest.mark.parametrize(("times", "words"), [(4, "4"), (0.5, "1/2"), (0.5, "0.5")])
def test_lists_follow_the_root_of_the_rows(count, times, words):
    lists = int(sizes.fitted(f"{{{words} lists per root}}", count=count, dim=8))
    assert 1 <= lists <= count
    assert lists in (1, count) or abs(lists - times * math.sqrt(count)) <= 0.5
    assert int(sizes.fitted(f"{{{words} lists per root, at most 3}}", count=count, dim=8)) == min(lists, 3)


@pytest.mark.parametrize("dim", range(1, 130))
def test_parts_divide_the_dimensions(dim):
    for times, words, most in ((1 / 2, "1/2", 64), (1 / 8, "0.125", 16), (2, "2", 1000)):
        parts = int(sizes.fitted(f"{{{words} parts per dimension, at most {most}}}", count=10, dim=dim))
        possible = [n for n in range(1, dim + 1) if dim % n == 0 and n <= min(times * dim, most)]
        assert parts == max(possible, default=1)


@pytest.mark.parametrize("dim", [1, 3, 8, 12, 100, 128, 3000])
def test_bits_are_whole_bytes(dim):
    bits = int(sizes.fitted("{1 bit per dimension, at most 128}", count=10, dim=dim))
    assert bits == max(n for n in range(8, 129, 8) if n <= dim or n == 8)
    assert sizes.fitted("RR{2 bits per dimension},BFlat", count=10, dim=64) == "RR128,BFlat"


def test_what_stands_outside_of_braces_stays():
    assert sizes.fitted("HNSW32,efConstruction=100", count=10, dim=3) == "HNSW32,efConstruction=100"
    build = "OPQ{1/8 parts per dimension}_64,IVF{ 2 lists per root,at most 64 },PQ{1/8 parts per dimension}x4fs"
    sizes.check(build, "--grid")
    assert sizes.fitted(build, count=10_000, dim=64) == "OPQ8_64,IVF64,PQ8x4fs"
