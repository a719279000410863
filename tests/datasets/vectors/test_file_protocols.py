"""The vectors file keeps what its embeddings are judged by besides labels: cameras and pairs."""

from dataclasses import replace

import h5py
import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images.base import Pairs
from datasets.stored.vectors_file import load, save
from datasets.vectors.base import Embeddings, from_embeddings


def embeddings(count: int, *, seed: int = 0) -> Embeddings:
    vectors = np.random.default_rng(seed).normal(size=(count, 4)).astype(np.float32)
    return Embeddings(vectors, np.arange(count) % 3, tuple(f"{row}.jpg" for row in range(count)))


def test_cameras_come_back(tmp_path):
    queries, gallery = (replace(embeddings(n, seed=n), cameras=np.arange(n) % 6 - 1) for n in (5, 8))
    save(tmp_path / "vectors.h5", from_embeddings(queries, gallery, name="crossing"))
    read = load(tmp_path / "vectors.h5")
    np.testing.assert_array_equal(read.query_embeddings.cameras, queries.cameras)
    np.testing.assert_array_equal(read.gallery_embeddings.cameras, gallery.cameras)
    save(tmp_path / "alone.h5", from_embeddings(gallery, None, name="crossing"))
    alone = load(tmp_path / "alone.h5")
    assert alone.query_cameras is alone.gallery_cameras and alone.query_cameras.tolist() == gallery.cameras.tolist()
    with h5py.File(tmp_path / "alone.h5") as file:
        assert file["test_cameras"] == file["train_cameras"]
    save(tmp_path / "none.h5", from_embeddings(embeddings(5), None, name="no crossing"))
    assert load(tmp_path / "none.h5").query_cameras is None and load(tmp_path / "none.h5").pairs is None


def test_pairs_come_back(tmp_path):
    pairs = Pairs(np.array([[0, 3], [2, 1], [7, 7]]), np.array([True, False, True]), np.array([0, 1, 1]))
    path = tmp_path / "vectors.h5"
    save(path, replace(from_embeddings(embeddings(8), None, name="faces"), pairs=pairs))
    read = load(path).pairs
    for name in ("rows", "same", "folds"):
        np.testing.assert_array_equal(getattr(read, name), getattr(pairs, name), err_msg=name)
        assert getattr(read, name).dtype == getattr(pairs, name).dtype
    with h5py.File(path, "r+") as file:
        file["pairs"][1, 0] = 8
    with pytest.raises(InputError, match=r"vectors\.h5.*pairs name row 8, the gallery has 8"):
        load(path)
    with h5py.File(path, "r+") as file:
        del file["pairs_folds"]
    with pytest.raises(InputError, match=r"vectors\.h5.*key 'pairs_folds' is missing"):
        load(path)
