"""Build strings of binary indexes: read, refused in one line, and estimated."""

import pytest

from ann_bench.factory.binary_build import Build
from datasets.errors import InputError


def test_all_parts_are_read():
    build = Build.read("ITQ128, BIVF1024_HNSW32, RFlat")
    assert (build.binariser, build.bits, build.inner, build.refine) == ("ITQ", 128, "BIVF1024_HNSW32", True)
    assert (build.lists, build.coarse, build.links) == (1024, 32, 0)
    assert build.defaults() == {"nprobe": 1, "quantizer_efSearch": 16, "k_factor": 1}


@pytest.mark.parametrize(
    "text, hashes, hash_bits, links", [("BHash12", 0, 12, 0), ("BHash4x16", 4, 16, 0), ("BHNSW32", 0, 0, 32)]
)
def test_tables_and_graphs_are_read(text, hashes, hash_bits, links):
    build = Build.read(text)
    assert (build.hashes, build.hash_bits, build.links, build.refine) == (hashes, hash_bits, links, False)


@pytest.mark.parametrize(
    "text",
    [
        "BIVF",
        "BIVF0",
        "BHNSW0",
        "BHash0",
        "BHash0x5",
        "BHash4x",
        "BHash9999999999",
        "IVF16",
        "ITQ128",
        "BFlat,RFlat,RFlat",
        "ITQ,BFlat",
        "bflat",
    ],
)
def test_what_cannot_be_read(text):
    with pytest.raises(InputError, match=f"--build={text}: write BFlat, BIVF1024"):
        Build.read(text)


@pytest.mark.parametrize(
    "text, metric, reason",
    [
        ("BFlat", "euclidean", "rows are no codes; write ITQ128,BFlat,RFlat"),
        ("ITQ64,BFlat", "hamming", "rows are codes already"),
        ("BFlat,RFlat", "hamming", "rows are codes already"),
        ("ITQ136,BFlat", "euclidean", "no more than 128 bits for 128 dimensions; RR136"),
        ("RR100,BFlat", "euclidean", "100 bits, but must be whole bytes"),
        ("RR64,BIVF1001", "angular", "more inverted lists than there are rows, 1000"),
        ("BHNSW1", "hamming", "from 2 to 1024 links"),
        ("BIVF16_HNSW1", "hamming", "from 2 to 1024 links"),
        ("BHNSW5000", "hamming", "from 2 to 1024 links"),
        ("BHash65", "hamming", "up to 64 bits"),
        ("BHash4x40", "hamming", "no more than the 128 of a code"),
        ("RR32,BHash40", "euclidean", "no more than the 32 of a code"),
    ],
)
def test_what_cannot_be_built(text, metric, reason):
    with pytest.raises(InputError, match=f"--build={text}: .*{reason}"):
        Build.read(text).check(128, metric, 1000)


def test_itq_needs_as_many_rows_as_dimensions():
    build = Build.read("ITQ64,BFlat")
    build.check(128, "euclidean", 128)
    with pytest.raises(InputError, match="no fewer rows than dimensions, 128"):
        build.check(128, "euclidean", 127)


def test_codes_that_are_no_whole_bytes():
    with pytest.raises(InputError, match="12 bits"):
        Build.read("BFlat").check(12, "hamming", 100)


def test_what_an_estimate_counts():
    plain, refined = (Build.read(f"ITQ64,BFlat{end}").estimate(128, 10**6) for end in ("", ",RFlat"))
    assert refined.disk - plain.disk == 4 * 128 * 10**6 and plain.disk == pytest.approx(8 * 10**6, rel=0.01)
    few, many = (Build.read(f"BIVF{lists}").estimate(64, 10**6) for lists in (256, 4096))
    assert many.work > 10 * few.work and few.memory > few.disk
