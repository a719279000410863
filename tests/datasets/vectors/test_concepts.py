"""Vectors whose images show several concepts, and of which some were trained on: checked, written and read back."""

from dataclasses import replace

import h5py
import numpy as np
import pytest

from datasets.errors import InputError
from datasets.stored.vectors_file import load, save
from datasets.vectors.base import Embeddings, VectorSet, from_embeddings


def embeddings(count: int, *, seed: int = 0, concepts: int = 3) -> Embeddings:
    rng = np.random.default_rng(seed)
    labels = rng.random((count, concepts)) < 0.4
    labels[0] = False  # shows none of them
    return Embeddings(
        rng.normal(size=(count, 4)).astype(np.float32), labels, tuple(f"{row}.jpg" for row in range(count))
    )


def codes_set(**changes) -> VectorSet:
    """Four queries and eight codes of 24 bits."""
    rng = np.random.default_rng(0)
    codes, labels = rng.integers(0, 256, (12, 3), dtype=np.uint8), rng.random((12, 5)) < 0.4
    plain = {"name": "codes", "metric": "hamming", "gallery": codes[4:], "queries": codes[:4]}
    given = {"gallery_labels": labels[4:], "query_labels": labels[:4], "gallery_trained": np.arange(8) % 2}
    return VectorSet(**plain | given | changes)


@pytest.mark.parametrize("alone", [True, False])
def test_concepts_come_back(tmp_path, alone):
    queries, gallery = embeddings(5), None if alone else embeddings(8, seed=1)
    written = from_embeddings(queries, gallery, name="birds", class_names=("a", "b", "ç"))
    save(tmp_path / "vectors.h5", written)
    read = load(tmp_path / "vectors.h5")
    for name in ("gallery_labels", "query_labels"):
        assert getattr(read, name).dtype == bool
        np.testing.assert_array_equal(getattr(read, name), getattr(written, name), err_msg=name)
    np.testing.assert_array_equal(read.query_embeddings.labels, queries.labels)
    assert read.class_names == ("a", "b", "ç") and read.fingerprint() == written.fingerprint()


def test_codes_with_concepts_and_training_images_come_back(tmp_path):
    save(tmp_path / "codes.h5", codes_set())
    read = load(tmp_path / "codes.h5")
    for name in ("gallery", "queries", "gallery_labels", "query_labels", "gallery_trained"):
        np.testing.assert_array_equal(getattr(read, name), getattr(codes_set(), name), err_msg=name)
        assert getattr(read, name).dtype == getattr(codes_set(), name).dtype
    with h5py.File(tmp_path / "codes.h5") as file:
        assert file["train_trained"].shape == (8,) and file["train_labels"].shape == (8, 5)


def test_concepts_of_ones_and_zeros_are_read(tmp_path):
    save(tmp_path / "a.h5", codes_set())
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        labels = file["train_labels"][:]
        del file["train_labels"]
        file["train_labels"] = labels.astype(np.uint8)
    np.testing.assert_array_equal(load(tmp_path / "a.h5").gallery_labels, labels)


def test_nobody_may_know_what_was_trained_on(tmp_path):
    save(tmp_path / "a.h5", codes_set(gallery_trained=None))
    assert load(tmp_path / "a.h5").gallery_trained is None
    with h5py.File(tmp_path / "a.h5") as file:
        assert "train_trained" not in file


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gallery_labels": np.zeros((7, 5), bool)}, r"labels of gallery must be \(8, 5\) bool, not \(7, 5\) bool"),
        ({"query_labels": np.zeros((4, 5), np.int64)}, r"labels of queries must be \(4, 5\) bool, not \(4, 5\) int64"),
        ({"query_labels": np.zeros((4, 5, 2), bool)}, "labels of queries"),
        ({"query_labels": np.zeros((4, 6), bool)}, r"labels of queries \(4, 6\) and gallery \(8, 5\) differ"),
        ({"query_labels": np.zeros(4, np.int64)}, r"labels of queries \(4,\) and gallery \(8, 5\) differ"),
        ({"class_names": tuple("abcd")}, r"labels of gallery must be \(8, 4\) bool, not \(8, 5\) bool"),
        ({"gallery_trained": np.zeros(7, np.int64)}, r"gallery_trained must be \(8,\) int64, not \(7,\) int64"),
        ({"gallery_trained": np.zeros(8, bool)}, r"gallery_trained must be \(8,\) int64, not \(8,\) bool"),
    ],
)
def test_what_does_not_fit_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        codes_set(**changes)


def test_embeddings_take_concepts_and_check_them():
    found = embeddings(5)
    with pytest.raises(ValueError, match=r"labels of embeddings must be \(5, 3\) bool, not \(4, 3\) bool"):
        replace(found, labels=found.labels[:4])
    with pytest.raises(ValueError, match=r"labels of embeddings must be \(5, 3\) bool, not \(5, 3\) float64"):
        replace(found, labels=found.labels.astype(float))


def test_a_file_of_other_shapes_is_named(tmp_path):
    save(tmp_path / "a.h5", codes_set())
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        del file["train_trained"]
        file["train_trained"] = np.zeros(3, int)
    with pytest.raises(InputError, match=r"a\.h5.*gallery_trained must be \(8,\)"):
        load(tmp_path / "a.h5")


def test_a_fingerprint_sees_concepts():
    one = codes_set()
    other = one.gallery_labels.copy()
    other[3, 2] ^= True
    assert codes_set().fingerprint() == one.fingerprint()
    assert codes_set(gallery_labels=other).fingerprint() != one.fingerprint()
