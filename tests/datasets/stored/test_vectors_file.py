"""The vectors file: there and back, what other programs see in it, and what is said about a broken one."""

import errno
from pathlib import Path

import h5py
import numpy as np
import pytest

from datasets.errors import InputError
from datasets.stored import vectors_file, writing
from datasets.stored.vectors_file import load, save
from datasets.vectors import rows
from datasets.vectors.base import Embeddings, VectorSet, from_embeddings, with_neighbors


def embeddings(count: int, *, classes: int = 3, seed: int = 0) -> Embeddings:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(count, 4)).astype(np.float32)
    return Embeddings(vectors, rng.integers(0, classes, count), tuple(f"images/{row} é.jpg" for row in range(count)))


def query_gallery_set() -> VectorSet:
    return with_neighbors(from_embeddings(embeddings(5), embeddings(8, seed=1), name="made up"), k=3)


def assert_same(left: VectorSet, right: VectorSet) -> None:
    for name in ("name", "metric", "gallery_paths", "query_paths", "class_names"):
        assert getattr(left, name) == getattr(right, name), name
    for name in ("gallery", "queries", "neighbors", "distances", "gallery_labels", "query_labels"):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name), err_msg=name)
        assert getattr(left, name).dtype == getattr(right, name).dtype
    assert dict(left.attrs) == dict(right.attrs)


def test_query_against_gallery_comes_back(tmp_path):
    queries, gallery = embeddings(5), embeddings(8, seed=1)
    attrs = {"backbone": "resnet18_v1b", "epoch": 3, "ks": [1, 10]}
    written = from_embeddings(queries, gallery, name="birds", class_names=("a", "b", "ç"), attrs=attrs)
    written = with_neighbors(written, k=3)
    save(tmp_path / "new folder" / "vectors.h5", written)
    read = load(tmp_path / "new folder" / "vectors.h5")
    assert_same(read, written)
    assert not read.leave_one_out and read.attrs["ks"] == [1, 10]
    assert list((tmp_path / "new folder").iterdir()) == [tmp_path / "new folder" / "vectors.h5"]  # no .part left
    np.testing.assert_array_equal(read.query_embeddings.vectors, queries.vectors)
    assert read.gallery_embeddings.paths == gallery.paths


def test_leave_one_out_is_stored_once(tmp_path):
    images = embeddings(2000)
    written = with_neighbors(from_embeddings(images, None, name="loo", metric="angular"), k=1)
    save(tmp_path / "vectors.h5", written)
    read = load(tmp_path / "vectors.h5")
    assert_same(read, written)
    assert read.leave_one_out and read.queries is read.gallery and read.query_paths is read.gallery_paths
    with h5py.File(tmp_path / "vectors.h5") as file:
        assert file["test"] == file["train"] and file["test_labels"] == file["train_labels"]


def test_the_file_is_one_of_ann_benchmarks(tmp_path):
    written = query_gallery_set()
    save(tmp_path / "vectors.h5", written)
    with h5py.File(tmp_path / "vectors.h5") as file:
        np.testing.assert_array_equal(file["train"], written.gallery)
        np.testing.assert_array_equal(file["test"], written.queries)
        np.testing.assert_array_equal(file["neighbors"], written.neighbors)
        np.testing.assert_array_equal(file["distances"], written.distances)
        attrs = {key: file.attrs[key] for key in ("distance", "dimension", "type", "point_type")}
        assert attrs == {"distance": "euclidean", "dimension": 4, "type": "dense", "point_type": "float"}
        assert file["train_paths"].asstr()[3] == "images/3 é.jpg"


def test_reads_a_file_of_ann_benchmarks(tmp_path):
    rng = np.random.default_rng(0)
    with h5py.File(tmp_path / "glove-4-angular.hdf5", "w") as file:
        file["train"], file["test"] = rng.normal(size=(9, 4)), rng.normal(size=(2, 4))
        file["neighbors"], file["distances"] = np.zeros((2, 3), np.int32), np.zeros((2, 3), np.float32)
        file.attrs.update({"distance": "angular", "type": "dense", "point_type": "float", "dimension": 4})
    read = load(tmp_path / "glove-4-angular.hdf5")
    assert (read.name, read.metric) == ("glove-4-angular", "angular")
    assert read.gallery.dtype == np.float32 and read.neighbors.dtype == np.int64
    assert read.query_labels is None and read.query_paths == () and not read.leave_one_out
    with pytest.raises(InputError, match="glove-4-angular have no labels"):
        _ = read.query_embeddings


def test_names_that_are_not_valid_utf8_come_back(tmp_path):
    path = b"photo\xff.jpg".decode("utf-8", "surrogateescape")
    images = Embeddings(np.ones((2, 3), np.float32), np.zeros(2, np.int64), (path, "plain.jpg"))
    save(tmp_path / "vectors.h5", from_embeddings(images, None, name="odd"))
    assert load(tmp_path / "vectors.h5").query_paths == (path, "plain.jpg")


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "vectors.h5"
    save(path, query_gallery_set())
    before = path.read_bytes()

    def full_disk(file: h5py.File, vector_set: VectorSet) -> None:
        file["train"] = vector_set.gallery
        raise OSError(errno.ENOSPC, "write failed,\nsize = 8")

    monkeypatch.setattr(writing, "_write", full_disk)
    with pytest.raises(InputError, match=r"vectors\.h5: cannot be written.*\(No space left on device\)$"):
        save(path, query_gallery_set())
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="cannot be written"):
        save(tmp_path / "file" / "vectors.h5", query_gallery_set())


def without(path: Path, *keys: str) -> Path:
    save(path, query_gallery_set())
    with h5py.File(path, "r+") as file:
        for key in keys:
            del (file if key in file else file.attrs)[key]
    return path


@pytest.mark.parametrize("key", ["train", "test", "distances", "neighbors", "distance"])
def test_a_missing_key_is_named(tmp_path, key):
    with pytest.raises(InputError, match=rf"vectors\.h5.*'{key}' is missing"):
        load(without(tmp_path / "vectors.h5", key))


def test_labels_and_neighbors_may_be_missing(tmp_path):
    keys = ("neighbors", "distances", "train_labels", "test_labels", "train_paths", "test_paths", "name")
    read = load(without(tmp_path / "vectors.h5", *keys))
    assert read.neighbors is None and read.gallery_labels is None and read.name == "vectors"


def test_no_file_no_hdf5_and_a_truncated_one(tmp_path):
    with pytest.raises(InputError, match=r"none\.h5: there is no such file"):
        load(tmp_path / "none.h5")
    (tmp_path / "text.h5").write_text("no vectors at all")
    with pytest.raises(InputError, match=r"text\.h5: not HDF5 or cut short"):
        load(tmp_path / "text.h5")
    save(tmp_path / "whole.h5", query_gallery_set())
    content = (tmp_path / "whole.h5").read_bytes()
    for share in (0.1, 0.5, 0.9):
        (tmp_path / "cut.h5").write_bytes(content[: int(len(content) * share)])
        with pytest.raises(InputError, match=r"cut\.h5: not HDF5 or cut short") as error:
            load(tmp_path / "cut.h5")
        assert "\n" not in str(error.value)


def test_shapes_and_metric_in_the_file_are_checked(tmp_path):
    path = tmp_path / "vectors.h5"
    save(path, query_gallery_set())
    with h5py.File(path, "r+") as file:
        del file["train_labels"]
        file["train_labels"] = np.zeros(3, int)
    with pytest.raises(InputError, match=r"vectors\.h5.*labels of gallery must be \(8,\)"):
        load(path)
    with h5py.File(path, "r+") as file:
        file.attrs["distance"] = "jaccard"
    with pytest.raises(InputError, match=r"vectors\.h5.*unknown metric 'jaccard'.*known are euclidean, .*cosine"):
        load(path)


@pytest.mark.parametrize(
    ("said", "own"),
    [("l2", "euclidean"), ("Cosine", "angular"), (np.bytes_("IP"), "inner_product"), ("dot", "inner_product")],
)
def test_the_metric_may_have_the_name_that_others_give_it(tmp_path, said, own):
    save(tmp_path / "vectors.h5", query_gallery_set())
    with h5py.File(tmp_path / "vectors.h5", "r+") as file:
        file.attrs["distance"] = said
    assert load(tmp_path / "vectors.h5").metric == own


def test_bits_are_found_under_any_spelling_of_hamming(tmp_path):
    save(tmp_path / "codes.h5", codes_set())
    with h5py.File(tmp_path / "codes.h5", "r+") as file:
        file.attrs["distance"] = "Hamming"
    np.testing.assert_array_equal(load(tmp_path / "codes.h5").gallery, codes_set().gallery)


def test_a_group_in_place_of_an_array(tmp_path):
    with h5py.File(tmp_path / "vectors.h5", "w") as file:
        file.create_group("train")
        file["test"] = np.zeros((2, 4))
        file.attrs["distance"] = "euclidean"
    with pytest.raises(InputError, match=r"vectors\.h5"):
        load(tmp_path / "vectors.h5")


def codes_set(**changes) -> VectorSet:
    codes = np.random.default_rng(0).integers(0, 256, (12, 3), dtype=np.uint8)
    return VectorSet(**{"name": "codes", "metric": "hamming", "gallery": codes[4:], "queries": codes[:4]} | changes)


def test_large_arrays_are_mapped_and_others_are_read(tmp_path):
    written = query_gallery_set()
    save(tmp_path / "a.h5", written)
    read = load(tmp_path / "a.h5")
    assert rows.is_mapped(read.gallery) and rows.is_mapped(read.queries)
    with h5py.File(tmp_path / "b.h5", "w") as packed, h5py.File(tmp_path / "a.h5") as plain:
        packed.create_dataset("train", data=plain["train"][:], compression="gzip")
        packed.create_dataset("test", data=plain["test"][:], chunks=(2, 2))
        packed.attrs["distance"] = "euclidean"
    other = load(tmp_path / "b.h5")
    assert not rows.is_mapped(other.gallery) and not rows.is_mapped(other.queries)
    for found in (read, other):
        np.testing.assert_array_equal(found.gallery, written.gallery)
        np.testing.assert_array_equal(found.queries, written.queries)


def test_a_mapped_set_outlives_its_file(tmp_path):
    save(tmp_path / "a.h5", query_gallery_set())
    read = load(tmp_path / "a.h5")
    save(tmp_path / "a.h5", from_embeddings(embeddings(3, seed=7), None, name="other"))
    np.testing.assert_array_equal(read.gallery, query_gallery_set().gallery)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8])
def test_bytes_stay_bytes(tmp_path, dtype):
    gallery = np.arange(9).reshape(3, 3).astype(dtype) - dtype(3)
    written = codes_set(metric="euclidean", gallery=gallery, queries=gallery[:2], query_rows=np.array([0, 1]))
    save(tmp_path / "a.h5", written)
    read = load(tmp_path / "a.h5")
    assert read.gallery.dtype == dtype and read.own_rows.tolist() == [0, 1]
    np.testing.assert_array_equal(read.gallery, written.gallery)


def test_codes_are_bits_in_the_file_and_packed_out_of_it(tmp_path):
    written = with_neighbors(codes_set(), k=2)
    save(tmp_path / "codes.h5", written)
    with h5py.File(tmp_path / "codes.h5") as file:
        assert file["train"].dtype == bool and file["train"].shape == (8, 24)
        assert (file.attrs["point_type"], file.attrs["dimension"]) == ("bit", 24)
        for row, code in zip(file["train"], written.gallery, strict=True):
            assert "".join(str(int(bit)) for bit in row) == "".join(f"{byte:08b}" for byte in code)
    read = load(tmp_path / "codes.h5")
    assert read.dim == 24
    for name in ("gallery", "queries", "neighbors", "distances"):
        np.testing.assert_array_equal(getattr(read, name), getattr(written, name), err_msg=name)


@pytest.mark.parametrize("dtype", [bool, np.uint8])
def test_reads_hamming_sets_of_ann_benchmarks(tmp_path, dtype):
    bits = np.random.default_rng(0).integers(0, 2, (9, 20)).astype(dtype)
    with h5py.File(tmp_path / "a.hdf5", "w") as file:
        file["train"], file["test"] = bits[2:], bits[:2]
        file["neighbors"] = np.tile(np.arange(7), (2, 1))
        file["distances"] = (bits[:2, None] != bits[None, 2:]).mean(axis=2)  # theirs are shares
        file.attrs.update({"distance": "hamming", "type": "dense", "point_type": "bit", "dimension": 20})
    read = load(tmp_path / "a.hdf5")
    assert read.gallery.shape == (7, 3) and read.gallery.dtype == np.uint8
    np.testing.assert_array_equal(np.unpackbits(read.gallery, axis=1)[:, :20], bits[2:])
    assert not np.unpackbits(read.gallery, axis=1)[:, 20:].any()
    np.testing.assert_array_equal(read.distances, (bits[:2, None] != bits[None, 2:]).sum(axis=2))


def test_codes_in_the_file_are_taken_as_they_are_and_wrong_bits_refused(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["train"], file["test"] = codes_set().gallery, codes_set().queries
        file.attrs.update({"distance": "hamming", "dimension": 24})
    np.testing.assert_array_equal(load(tmp_path / "a.h5").gallery, codes_set().gallery)
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file.attrs["dimension"] = 3
    with pytest.raises(InputError, match=r"a\.h5.*'train' must hold bits"):
        load(tmp_path / "a.h5")


def blocks_of(vectors: np.ndarray, size: int) -> list[tuple[np.ndarray, list[str]]]:
    starts = range(0, len(vectors), size)
    return [(vectors[i : i + size], [f"é/{row}\udcff.jpg" for row in range(i, min(i + size, 10))]) for i in starts]


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_vectors_that_come_in_blocks_are_one_file(dtype, tmp_path):
    vectors = np.random.default_rng(0).normal(size=(10, 4)).astype(dtype)
    vectors_file.save_blocks(tmp_path / "v.h5", blocks_of(vectors, 3), count=10, dim=4, dtype=dtype, name="made up")
    found = load(tmp_path / "v.h5")
    np.testing.assert_array_equal(found.gallery, vectors)
    assert found.gallery.dtype == dtype and rows.is_mapped(found.gallery) and found.queries is found.gallery
    assert found.gallery_paths[9] == "é/9\udcff.jpg" and (found.leave_one_out, found.metric) == (True, "euclidean")
    assert found.fingerprint() and with_neighbors(found, k=3).neighbors.shape == (10, 3)


def test_blocks_without_room_leave_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "v.h5"
    save(path, query_gallery_set())
    before = path.read_bytes()
    usage = writing.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(writing.shutil, "disk_usage", lambda place: usage._replace(free=10_000_000))
    with pytest.raises(
        InputError, match=r"v\.h5: cannot be written, make room .*\(it takes 12\.0 MB, and 10\.0 MB are"
    ):
        vectors_file.save_blocks(path, [], count=100_000, dim=20, dtype="float32", name="made up", text=1000)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_half_precision_that_is_not_finite_is_found():
    vectors = np.ones((5, 4), np.float16)
    vectors[3, 2] = np.nan
    with pytest.raises(InputError, match="1 of 5 rows of the gallery hold NaN"):
        VectorSet("made up", "euclidean", vectors, vectors).check_finite()


def test_labelled_half_precision_is_scored_in_single():
    vectors = np.eye(5, 4, dtype=np.float16)
    found = VectorSet("made up", "euclidean", vectors, vectors, query_labels=np.zeros(5, np.int64))
    assert found.query_embeddings.vectors.dtype == np.float32
