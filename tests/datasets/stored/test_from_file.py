"""One's own vectors from every kind of file, and one line about each way in which they do not fit."""

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.stored import formats, from_file, vectors_file
from datasets.vectors import rows
from datasets.vectors.base import Embeddings, VectorSet, from_embeddings, with_neighbors

RNG = np.random.default_rng(0)
GALLERY, QUERIES = (RNG.integers(0, 100, (count, 8)).astype(np.float32) for count in (40, 5))


@pytest.fixture
def files(tmp_path):
    """A gallery, queries and true neighbors as files; and queries of other dimensions, and neighbors of others."""
    ids = np.tile(np.arange(6, dtype=np.int32), (5, 1))
    contents = {
        "gallery.fvecs": GALLERY,
        "queries.fbin": QUERIES,
        "truth.ivecs": ids,
        "wide.fvecs": np.ones((5, 9), np.float32),
        "few.ivecs": ids[:4],
        "beyond.ivecs": ids + 35,
        "bytes.bvecs": GALLERY.astype(np.uint8),
        "doubles.npy": GALLERY.astype(np.float64),
        "numbers.npy": GALLERY.astype(np.int64),
    }
    for name, content in contents.items():
        formats.write(tmp_path / name, content)
    return tmp_path


def test_a_gallery_with_queries_and_true_neighbors(files):
    found = from_file.load(files / "gallery.fvecs", queries=files / "queries.fbin", truth=files / "truth.ivecs")
    np.testing.assert_array_equal(found.gallery, GALLERY)
    np.testing.assert_array_equal(found.queries, QUERIES)
    assert (found.name, found.metric) == ("gallery", "euclidean")
    assert found.neighbors[0].tolist() == list(range(6)) and found.distances is None
    assert rows.is_mapped(found.gallery) and (found.own_rows == -1).all()


def test_without_queries_gallery_rows_ask_and_do_not_find_themselves(files, monkeypatch):
    monkeypatch.setattr(from_file, "QUERIES", 10)
    found = from_file.load(files / "gallery.fvecs", metric="angular")
    assert len(found.queries) == 10 and found.metric == "angular"
    np.testing.assert_array_equal(found.queries, GALLERY[found.own_rows])
    assert not (with_neighbors(found, 39).neighbors == found.own_rows[:, None]).any()
    again = from_file.load(files / "gallery.fvecs", metric="angular")
    assert again.fingerprint() == found.fingerprint()
    monkeypatch.setattr(from_file, "QUERIES", 1000)
    assert len(from_file.load(files / "gallery.fvecs").queries) == 40


def test_bytes_are_numbers_unless_they_are_said_to_be_codes(files):
    found = from_file.load(files / "bytes.bvecs")
    assert (found.metric, found.dim, found.gallery.dtype) == ("euclidean", 8, np.uint8)
    assert from_file.load(files / "bytes.bvecs", metric="hamming").dim == 64


def test_the_name_tells_another_metric(files):
    assert from_file.load(files / "bytes.bvecs", metric="euclidean").name == "bytes"
    assert from_file.load(files / "bytes.bvecs", metric="hamming").name == "bytes-hamming"
    queries = files / "queries.fbin"
    assert from_file.load(files / "gallery.fvecs", queries=queries, metric="angular").name == "gallery-angular"


def test_a_metric_by_another_name_is_the_same_set(tmp_path, files):
    found, plain = (from_file.load(files / "gallery.fvecs", metric=name) for name in ("Cosine", "angular"))
    assert (found.name, found.metric, found.fingerprint()) == (plain.name, "angular", plain.fingerprint())
    assert from_file.load(files / "gallery.fvecs", metric="l2").name == "gallery"
    vectors_file.save(tmp_path / "a.h5", with_neighbors(VectorSet("a", "euclidean", GALLERY, QUERIES), 3))
    assert from_file.load(tmp_path / "a.h5", metric="L2").neighbors is not None
    assert from_file.load(tmp_path / "a.h5", metric="dot").name == "a-inner_product"


def test_floats_of_other_machines_and_widths_are_converted(tmp_path):
    for kind in (">f4", ">f8", "f2"):
        np.save(tmp_path / "floats.npy", GALLERY.astype(kind))
        found = from_file.load(tmp_path / "floats.npy").gallery
        assert found.dtype == np.float32 and found.dtype.isnative and (found == GALLERY).all()


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("base[1]", "base_1_"),
        ("my birds *?", "my_birds_"),
        ("a/../../b", "a_.._.._b"),
        ("..", "vectors"),
        (".hidden", "hidden"),
        ("", "vectors"),
        ("Vögel-1.5_x", "Vögel-1.5_x"),
        ("x" * 300, "x" * 100),
    ],
)
def test_a_name_is_that_of_one_folder(tmp_path, name, safe):
    vectors_file.save(tmp_path / "a.h5", VectorSet(name, "euclidean", GALLERY, QUERIES))
    assert from_file.load(tmp_path / "a.h5").name == safe


def test_the_name_of_a_gallery_file_too(tmp_path):
    formats.write(tmp_path / "base [1].fvecs", GALLERY)
    assert from_file.load(tmp_path / "base [1].fvecs").name == "base_1_"


def test_other_floats_are_converted(files):
    found = from_file.load(files / "doubles.npy")
    assert found.gallery.dtype == np.float32
    np.testing.assert_array_equal(found.gallery, GALLERY)


def test_a_vectors_file_and_the_folder_of_a_run(tmp_path):
    images = Embeddings(GALLERY, np.arange(40) % 3, tuple(map(str, range(40))))
    vectors_file.save(tmp_path / "vectors.h5", with_neighbors(from_embeddings(images, None, name="birds"), 3))
    for path in (tmp_path, tmp_path / "vectors.h5"):
        found = from_file.load(path)
        assert found.name == "birds" and found.leave_one_out and found.neighbors.shape == (40, 3)
        assert from_file.load(path, metric="euclidean").neighbors is not None
        other = from_file.load(path, metric="angular")
        assert other.metric == "angular" and other.neighbors is None and other.gallery_labels is not None


@pytest.mark.parametrize(
    ("name", "flags", "message"),
    [
        ("gallery.fvecs", {"queries": "wide.fvecs"}, r"wide\.fvecs: has 9 dimensions, the gallery .* 8"),
        ("gallery.fvecs", {"queries": "queries.fbin", "truth": "few.ivecs"}, "neighbors of 4 queries, but there are 5"),
        ("gallery.fvecs", {"queries": "queries.fbin", "truth": "beyond.ivecs"}, "name row 40.*other vectors"),
        ("gallery.fvecs", {"truth": "truth.ivecs"}, "name the file of the queries"),
        ("gallery.fvecs", {"queries": "gone.fvecs"}, r"gone\.fvecs: there is no such file"),
        ("gallery.fvecs", {"metric": "hamming"}, r"gallery\.fvecs: hamming takes packed uint8"),
        ("gallery.fvecs", {"metric": "angle"}, "unknown metric 'angle': did you mean angular"),
        ("truth.ivecs", {}, r"truth\.ivecs: holds int32, which are no vectors"),
        ("numbers.npy", {}, r"numbers\.npy: holds int64, .*float64 and float16.*convert it: np\.save"),
        ("", {}, r"has no vectors\.h5, which extract\.py writes of any run"),
        ("gone.h5", {}, r"gone\.h5: there is no such file"),
        ("vectors.xls", {}, r"vectors\.xls: no known format.* known are \.fvecs, .*; convert it: np\.save"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(files, name, flags, message):
    paths = {key: value if key == "metric" else files / value for key, value in flags.items()}
    with pytest.raises(InputError, match=message) as error:
        from_file.load(files / name, **paths)
    assert "\n" not in str(error.value)


def test_flags_that_a_vectors_file_answers_itself(tmp_path):
    vectors_file.save(tmp_path / "a.h5", VectorSet("a", "euclidean", GALLERY, QUERIES))
    for flag in ("queries", "truth"):
        with pytest.raises(InputError, match=rf"--{flag}=x\.fvecs: .*a\.h5 holds its own"):
            from_file.load(tmp_path / "a.h5", **{flag: "x.fvecs"})
    for metric, message in (("hamming", "--metric=hamming: vectors a: hamming takes"), ("l3", "unknown metric 'l3'")):
        with pytest.raises(InputError, match=message):
            from_file.load(tmp_path / "a.h5", metric=metric)
