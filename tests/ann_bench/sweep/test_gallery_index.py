"""Kept indexes: built once and read again, another one for another gallery, anew where nothing can be saved."""

import logging

import numpy as np
import pytest

from ann_bench import indexes
from ann_bench.sweep import gallery_index
from datasets.errors import InputError
from datasets.vectors import exact
from datasets.vectors.base import VectorSet


def gallery(seed: int = 0, metric: str = "angular") -> VectorSet:
    rows = np.random.default_rng(seed).normal(size=(300, 16)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return VectorSet("x", metric, rows, rows[:1])


ABLE = [name for name in indexes.names() if indexes.installed(name)]


@pytest.mark.parametrize("name", ABLE)
def test_built_once_and_right(name, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    found = gallery()
    if not indexes.get(name).Index.saves:
        pytest.skip("it cannot be saved")
    nearest, _ = exact.search(found.gallery[:20], found.gallery, 5, metric="angular")
    for times in (1, 1):
        index = gallery_index.kept_index(name, found, beside=tmp_path / "x.h5")
        neighbors, _ = index.search(found.gallery[:20], 5)
        assert np.mean([len(set(a) & set(b)) for a, b in zip(neighbors, nearest, strict=True)]) > 4
        assert caplog.text.count("building an index of 300 vectors, once") == times


def test_another_gallery_has_another_index(tmp_path):
    for seed in (0, 1):
        index = gallery_index.kept_index("hnswlib", gallery(seed), beside=tmp_path / "x.h5")
        assert index.search(gallery(seed).gallery[7:9], 1)[0].tolist() == [[7], [8]]
    assert len(list(tmp_path.glob("*.index"))) == 2


def test_where_nothing_can_be_written_it_is_built_each_time(tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(gallery_index.os, "access", lambda *_: False)
    index = gallery_index.kept_index("flat", gallery(), beside=tmp_path / "x.h5")
    assert index.search(gallery().gallery[:1], 1)[0].tolist() == [[0]]
    assert "anew each time" in caplog.text and not list(tmp_path.iterdir())


def test_mistakes_are_one_line(tmp_path):
    with pytest.raises(InputError, match="did you mean hnswlib"):
        gallery_index.kept_index("hnsw", gallery(), beside=tmp_path / "x.h5")
    codes = VectorSet("x", "hamming", np.zeros((9, 4), np.uint8), np.zeros((1, 4), np.uint8))
    with pytest.raises(InputError, match="--index=hnswlib"):
        gallery_index.kept_index("hnswlib", codes, beside=tmp_path / "x.h5")
    gallery_index.kept_index("hnswlib", gallery(), beside=tmp_path / "x.h5")
    (saved,) = tmp_path.glob("*.index")
    saved.write_bytes(b"cut")
    with pytest.raises(InputError, match="remove it"):
        gallery_index.kept_index("hnswlib", gallery(), beside=tmp_path / "x.h5")
