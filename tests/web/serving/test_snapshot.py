"""Snapshots: what is nearest among what passes, all compared or through a kept index that is mapped; codes; order."""

import threading

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.vectors import exact
from hashing import codes
from vse.search import search as by_similarity
from web.serving import index, signs, snapshot
from web.serving.index import Kept


def unit(count=400, dim=16, seed=0):
    rows = np.random.default_rng(seed).standard_normal((count, dim), np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def many(monkeypatch):
    """Some hundred vectors count as many."""
    monkeypatch.setattr(index, "COMPARED", 50)


def written(folder, vectors, **how):
    ids = np.random.default_rng(9).permutation(len(vectors)) * 3 + 7
    return ids, snapshot.write(folder / "snapshot-1", ids, vectors, name="x", network="ab12", **how)


def test_it_works(tmp_path):
    ids, found = written(tmp_path, vectors := unit())
    nearest, cosines = found.search(vectors[5:8], 3)
    assert nearest[:, 0].tolist() == ids[5:8].tolist() and nearest.dtype == np.int64
    expected = np.sort(vectors[5:8] @ vectors.T, axis=1)[:, :-4:-1]
    np.testing.assert_allclose(cosines, expected, rtol=1e-5)
    assert found.compares_all(3) and found.told["index"] == "flat"
    np.testing.assert_array_equal(found.unit_rows(found.rows(ids[5:8])), vectors[5:8])
    assert found.rows(np.array([1, ids[0]])).tolist() == [-1, int(np.flatnonzero(found.ids == ids[0])[0])]


@pytest.mark.parametrize("name", ["", "faiss_float", "hnswlib", "annoy"])
@pytest.mark.parametrize("share", [None, 0.05, 0.5, 1.0])
def test_only_what_passes_is_found_whatever_searches(tmp_path, many, name, share):
    _, found = written(tmp_path, vectors := unit(), kept=Kept(name))
    passing = None if share is None else np.random.default_rng(3).random(400) < share
    nearest, cosines = found.search(vectors[:20], 5, passing)
    own = np.where(passing, 0, np.inf)[None] if passing is not None else 0
    expected = np.argsort(own - vectors[:20] @ found.unit_rows(np.arange(400)).T, axis=1)[:, :5]
    assert np.mean([len(set(a) & set(b)) for a, b in zip(nearest, found.ids[expected], strict=True)]) > 4.8
    assert passing is None or passing[found.rows(nearest.ravel())].all()
    assert (np.diff(cosines, axis=1) <= 1e-6).all()
    np.testing.assert_allclose(cosines[:, 0], [v @ found.unit_rows(found.rows(n[:1]))[0] for v, n in
                                               zip(vectors[:20], nearest, strict=True)], atol=1e-5)  # fmt: skip
    assert found.compares_all(5, None if passing is None else int(passing.sum())) == (name == "" or share == 0.05)


def test_an_index_is_kept_in_the_folder_and_mapped_when_it_is_opened_again(tmp_path, many, monkeypatch):
    _, found = written(tmp_path, unit())
    assert found.told == {"index": "faiss_float", "build": "HNSW32,efConstruction=100"}
    assert len(list((tmp_path / "snapshot-1").glob("*.index"))) == 1
    monkeypatch.setattr(index.gallery_index.worker, "fill", lambda *_, **__: pytest.fail("built again"))
    monkeypatch.setattr("ann_bench.indexes.faiss_float.FaissFloat.load", lambda *_: pytest.fail("read whole"))
    again = snapshot.Snapshot.open(tmp_path / "snapshot-1")
    np.testing.assert_array_equal(again.search(unit(3, seed=5), 4)[0], found.search(unit(3, seed=5), 4)[0])


def test_threads_open_its_index_once(tmp_path, many, monkeypatch):
    _, found = written(tmp_path, vectors := unit())
    made, real = [], index.gallery_index.kept_index
    monkeypatch.setattr(index.gallery_index, "kept_index", lambda *a, **k: made.append(1) or real(*a, **k))
    threads = [threading.Thread(target=found.search, args=(vectors[:1], 3)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]


def test_more_than_there_are_and_none_at_all(tmp_path):
    _, found = written(tmp_path, unit(4))
    ids, scores = found.search(unit(1), 6)
    assert (ids[0, 4:] == -1).all() and (scores[0, 4:] == -np.inf).all() and (ids[0, :4] >= 0).all()
    nothing = found.search(unit(1), 6, np.zeros(4, bool))
    assert (nothing[0] == -1).all()
    _, empty = written(tmp_path / "empty", unit(0))
    assert len(empty) == 0 and (empty.search(unit(1), 2)[0] == -1).all()


def test_codes_are_compared_by_their_bits(tmp_path):
    made = signs.rows(unit(200, 32) > 0)
    _, found = written(tmp_path, made, codes=True)
    assert found.codes and found.vectors.shape == (200, 4) and found.dim == 32
    packed = codes.pack(made[:3])
    ids, cosines = found.search(made[:3], 5)
    _, differing = exact.search(packed, np.asarray(found.vectors), 5, metric="hamming")
    np.testing.assert_allclose(cosines, 1 - 2 * differing / 32)
    np.testing.assert_allclose(cosines[0, 1], made[0] @ found.unit_rows(found.rows(ids[0, 1:2]))[0], atol=1e-6)
    half = np.arange(200) % 2 == 0
    assert half[found.rows(found.search(made[:3], 5, half)[0].ravel())].all()


def test_sentences_ask_by_order(tmp_path, many):
    _, found = written(tmp_path, np.abs(unit()))
    asked = np.abs(unit(2, seed=4))
    ids, scores = found.search(asked, 7, similarity="order")
    expected = by_similarity.images_for(asked, np.array(found.vectors), 7, similarity="order")
    np.testing.assert_array_equal(found.rows(ids.ravel()).reshape(ids.shape), expected[0])
    np.testing.assert_allclose(scores, expected[1])
    assert found.compares_all(7, similarity="order") and not found.compares_all(7)


def test_vectors_that_come_in_order_are_not_copied(tmp_path, monkeypatch):
    taken, save = [], snapshot.vectors_file.save
    monkeypatch.setattr(
        snapshot.vectors_file, "save", lambda path, whole: (taken.append(whole.gallery), save(path, whole))
    )
    vectors = unit()
    snapshot.write(tmp_path / "snapshot-1", np.arange(400), vectors, name="x", network="ab12")
    assert np.shares_memory(taken[0], vectors)


@pytest.mark.parametrize("name", ["milvus", "vearch"])
def test_no_snapshot_shares_a_collection_of_a_server_with_another(name):
    with pytest.raises(InputError, match="snapshots would share them; take faiss_float"):
        Kept(name)
