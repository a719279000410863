"""Files of vectors: bytes as published, there and back, and what is said about a file that lies."""

import errno
import struct
from pathlib import Path

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.stored import formats
from datasets.vectors import rows

DTYPES = {
    ".fvecs": "<f4",
    ".ivecs": "<i4",
    ".bvecs": "u1",
    ".fbin": "<f4",
    ".u8bin": "u1",
    ".i8bin": "i1",
    ".ibin": "<i4",
    ".npy": "<f4",
}
# The number that stands for one value in struct's words, and whether every row has its length.
KINDS = {".fvecs": ("f", True), ".ivecs": ("i", True), ".bvecs": ("B", True), ".fbin": ("f", False)}
KINDS |= {".u8bin": ("B", False), ".i8bin": ("b", False), ".ibin": ("i", False)}


def made_up(suffix: str, shape: tuple[int, int] = (7, 5)) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 100, shape).astype(DTYPES[suffix])


def plain_bytes(suffix: str, vectors: np.ndarray) -> bytes:
    """The file value by value."""
    kind, has_lengths = KINDS[suffix]
    written = b"" if has_lengths else struct.pack("<II", *vectors.shape)
    for row in vectors.tolist():
        written += struct.pack("<i", len(row)) if has_lengths else b""
        written += b"".join(struct.pack(f"<{kind}", value) for value in row)
    return written


def test_every_format_is_tested():
    assert set(formats.SUFFIXES) == set(DTYPES)


@pytest.mark.parametrize("suffix", formats.SUFFIXES)
def test_there_and_back(tmp_path, suffix):
    path, vectors = tmp_path / "new folder" / f"some{suffix}", made_up(suffix)
    formats.write(path, vectors)
    assert list(path.parent.iterdir()) == [path]  # no .part left
    read = formats.read(path)
    np.testing.assert_array_equal(read, vectors)
    assert read.dtype == vectors.dtype and rows.is_mapped(read) and not read.flags.writeable


@pytest.mark.parametrize("suffix", KINDS)
def test_the_bytes_are_those_of_the_format(tmp_path, suffix):
    vectors = made_up(suffix)
    expected = plain_bytes(suffix, vectors)
    formats.write(tmp_path / f"ours{suffix}", vectors)
    assert (tmp_path / f"ours{suffix}").read_bytes() == expected
    (tmp_path / f"theirs{suffix}").write_bytes(expected)
    np.testing.assert_array_equal(formats.read(tmp_path / f"theirs{suffix}"), vectors)


def test_npy_is_numpys(tmp_path):
    formats.write(tmp_path / "ours.npy", made_up(".npy"))
    np.testing.assert_array_equal(np.load(tmp_path / "ours.npy"), made_up(".npy"))
    np.save(tmp_path / "theirs.npy", np.eye(3))
    assert formats.read(tmp_path / "theirs.npy").dtype == np.float64


def test_a_file_of_several_blocks_and_a_mapped_one_is_copied(tmp_path, monkeypatch):
    monkeypatch.setattr(formats, "_WRITE_BYTES", 64)
    vectors = made_up(".fvecs", (50, 5))
    formats.write(tmp_path / "a.fvecs", vectors)
    formats.write(tmp_path / "b.fbin", formats.read(tmp_path / "a.fvecs"))
    np.testing.assert_array_equal(formats.read(tmp_path / "b.fbin"), vectors)


@pytest.mark.parametrize(("suffix", "change"), [(".npy", -1), *((suffix, n) for suffix in KINDS for n in (-1, 1))])
def test_a_file_cut_short_or_too_long(tmp_path, suffix, change):
    path = tmp_path / f"some{suffix}"
    formats.write(path, made_up(suffix))
    content = path.read_bytes()
    path.write_bytes(content[:change] if change < 0 else content + b"\0")
    with pytest.raises(InputError, match=rf"some\{suffix}") as error:
        formats.read(path)
    assert "\n" not in str(error.value)
    if suffix != ".npy":
        assert str(len(content)) in str(error.value) and str(len(content) + change) in str(error.value)


def test_a_header_that_lies(tmp_path):
    (tmp_path / "a.fbin").write_bytes(struct.pack("<II", 10, 3) + bytes(4 * 3 * 9))
    with pytest.raises(InputError, match=r"a\.fbin: 10 x 3 .* take 128 bytes, found 116: 12 too few"):
        formats.read(tmp_path / "a.fbin")
    (tmp_path / "b.fbin").write_bytes(struct.pack("<II", 0, 3))
    with pytest.raises(InputError, match=r"b\.fbin.*no vectors"):
        formats.read(tmp_path / "b.fbin")
    for dim in (0, -1, 1000):
        (tmp_path / "c.fvecs").write_bytes(struct.pack("<i", dim) + bytes(20))
        with pytest.raises(InputError, match=rf"c\.fvecs: the first row says that it has {dim} values"):
            formats.read(tmp_path / "c.fvecs")


@pytest.mark.parametrize("count", [5, 10_000])
def test_rows_of_differing_length_that_add_up_are_found(tmp_path, count):
    """One row of 2 values and one of 4 among those of 3 leave the size right and all rows between them wrong."""
    lengths = [3] * count
    lengths[1], lengths[-1] = 2, 4
    (tmp_path / "a.ivecs").write_bytes(b"".join(struct.pack(f"<i{n}i", n, *range(n)) for n in lengths))
    with pytest.raises(InputError, match=r"a\.ivecs: row 0 has 3 values, row \d+ .* must not differ"):
        formats.read(tmp_path / "a.ivecs")


def test_no_file_an_empty_one_a_folder_and_an_unknown_suffix(tmp_path):
    (tmp_path / "empty.fvecs").touch()
    (tmp_path / "folder.fvecs").mkdir()
    (tmp_path / "short.fbin").write_bytes(b"abc")
    (tmp_path / "text.npy").write_text("no array")
    (tmp_path / "header.npy").write_bytes(b"\x93NUMPY\x01\x00\x0a\x00{'descr': (")
    with (tmp_path / "archive.npy").open("wb") as stream:
        np.savez(stream, np.eye(3))
    np.save(tmp_path / "flat.npy", np.zeros(3))
    np.save(tmp_path / "none.npy", np.zeros((0, 3)))
    expected = {
        "gone.fvecs": "no such file",
        "folder.fvecs": "no such file",
        "empty.fvecs": "empty",
        "short.fbin": "header of 8 bytes, found 3",
        "text.npy": "not a whole .npy",
        "header.npy": "not a whole .npy",
        "archive.npy": "not a whole .npy",
        "flat.npy": r"\(3,\)",
        "none.npy": r"\(0, 3\)",
        "some.csv": r"known are \.fvecs",
    }
    for name, message in expected.items():
        with pytest.raises(InputError, match=rf"{name}.*{message}"):
            formats.read(tmp_path / name)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.fvecs"
    formats.write(path, made_up(".fvecs"))
    before = path.read_bytes()

    def full_disk(block: np.ndarray) -> np.ndarray:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(formats, "_with_lengths", full_disk)
    with pytest.raises(InputError, match=r"a\.fvecs: cannot be written.*No space left"):
        formats.write(path, made_up(".fvecs", (9, 5)))
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_values_of_another_type_are_not_converted(tmp_path):
    with pytest.raises(ValueError, match="float32, not .* float64"):
        formats.write(tmp_path / "a.fvecs", np.zeros((2, 2)))


def truth_file(path: Path, *, distances: bool) -> tuple[np.ndarray, np.ndarray]:
    ids, near = np.arange(12, dtype="<i4").reshape(3, 4), np.arange(12, dtype="<f4").reshape(3, 4) / 2
    path.write_bytes(struct.pack("<II", 3, 4) + ids.tobytes() + (near.tobytes() if distances else b""))
    return ids, near


@pytest.mark.parametrize("name", ["truth.bin", "truth.ibin"])
def test_true_neighbors_of_big_ann(tmp_path, name):
    ids, near = truth_file(tmp_path / name, distances=True)
    neighbors, distances = formats.read_truth(tmp_path / name)
    np.testing.assert_array_equal(neighbors, ids)
    np.testing.assert_array_equal(distances, near)
    assert neighbors.dtype == np.int64 and distances.dtype == np.float32
    truth_file(tmp_path / name, distances=False)
    neighbors, distances = formats.read_truth(tmp_path / name)
    np.testing.assert_array_equal(neighbors, ids)
    assert distances is None
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-1])
    with pytest.raises(InputError, match="1 too few"):
        formats.read_truth(tmp_path / name)


def test_true_neighbors_of_texmex_and_numpy(tmp_path):
    ids = np.arange(6, dtype=np.int32).reshape(2, 3)
    for name in ("a.ivecs", "a.npy"):
        formats.write(tmp_path / name, ids)
        neighbors, distances = formats.read_truth(tmp_path / name)
        assert neighbors.tolist() == ids.tolist() and neighbors.dtype == np.int64 and distances is None
    np.save(tmp_path / "b.npy", np.zeros((2, 3)))
    with pytest.raises(InputError, match=r"b\.npy.*whole numbers"):
        formats.read_truth(tmp_path / "b.npy")
    with pytest.raises(InputError, match=r"c\.fvecs.*known are \.ivecs"):
        formats.read_truth(tmp_path / "c.fvecs")
