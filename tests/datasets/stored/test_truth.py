"""True neighbors: against all pairs, published ones distrusted, kept on disk, resumed after a kill."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datasets.cluster.pool import Here
from datasets.errors import InputError
from datasets.stored import blocks, formats, truth
from datasets.stored.truth import with_truth
from datasets.vectors import exact
from datasets.vectors.base import METRICS, VectorSet


def made_up(metric: str = "euclidean", *, own: bool = False) -> VectorSet:
    """25 queries in 300 rows with many ties; ``own``: the queries are rows 7, 8, ..."""
    rng = np.random.default_rng(0)
    if metric == "hamming":
        gallery = rng.integers(0, 256, (300, 2), dtype=np.uint8)
    else:
        gallery = rng.integers(1, 4, (300, 4)).astype(np.float32)
    queries = gallery[7:32] if own else gallery[:25] ^ 1 if metric == "hamming" else gallery[:25] + np.float32(0.25)
    return VectorSet("made up", metric, gallery, queries, query_rows=np.arange(7, 32) if own else None)


def by_hand(vector_set: VectorSet) -> tuple[np.ndarray, np.ndarray]:
    """All rows sorted by distance and then by id, and their distances, the query itself left out."""
    every = np.tile(np.arange(len(vector_set.gallery)), (len(vector_set.queries), 1))
    distances = exact.between(vector_set.queries, vector_set.gallery, every, metric=vector_set.metric)
    worst = -np.inf if vector_set.metric == "inner_product" else np.inf
    distances[every == vector_set.own_rows[:, None]] = worst
    order = np.argsort(-distances if vector_set.metric == "inner_product" else distances, axis=1, kind="stable")
    return order, np.take_along_axis(distances, order, axis=1)


@pytest.fixture
def searched(monkeypatch) -> list[slice]:
    """The blocks of queries that exact search has been through, in blocks of at most eight, one after another."""
    done = []
    search = exact.blocks

    def watched(queries, *arguments, **options):
        for block in search(queries, *arguments, **options):
            done.append(block[0])
            yield block

    monkeypatch.setattr(exact, "blocks", watched)
    monkeypatch.setattr(blocks, "BLOCK", 8)
    monkeypatch.setattr(blocks, "Here", lambda _: Here())  # one task after another
    return done


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("own", [False, True])
def test_computed_neighbors_are_the_nearest(tmp_path, searched, metric, own):
    vector_set = made_up(metric, own=own)
    found = with_truth(vector_set, 5, cache=tmp_path / "cache")
    ids, distances = by_hand(vector_set)
    np.testing.assert_array_equal(found.distances, distances[:, :5])
    np.testing.assert_array_equal(
        exact.between(found.queries, found.gallery, found.neighbors, metric=metric), found.distances
    )
    assert not (found.neighbors == found.own_rows[:, None]).any() and found.neighbors.dtype == np.int64
    assert all(len(set(row)) == 5 for row in found.neighbors)
    ties = np.diff(found.distances, axis=1) == 0
    assert ties.any() and (np.diff(found.neighbors, axis=1)[ties] > 0).all()
    assert len(searched) == 4


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("k", [5, 290])
def test_parts_of_the_gallery_are_merged(tmp_path, searched, monkeypatch, metric, own, k):
    """In five parts of 60 rows, fewer than are asked for, the neighbors are those of one search."""
    vector_set = made_up(metric, own=own)
    monkeypatch.setattr(blocks, "PART", 64)
    found = with_truth(vector_set, k, cache=tmp_path / "cache")
    np.testing.assert_array_equal(found.distances, by_hand(vector_set)[1][:, :k])
    assert all(len(set(row)) == k for row in found.neighbors.tolist())
    np.testing.assert_array_equal(
        exact.between(found.queries, found.gallery, found.neighbors, metric=metric), found.distances
    )
    assert len(searched) == 4 * 5


def test_threads_find_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK", 4)
    monkeypatch.setattr(blocks, "PART", 64)
    found = []
    for threads in (1, 3):
        monkeypatch.setattr(blocks, "Here", lambda _, threads=threads: Here(threads))
        found.append(with_truth(made_up(), 5, cache=tmp_path / str(threads)))
    np.testing.assert_array_equal(found[0].neighbors, found[1].neighbors)


def test_all_that_can_be_found(tmp_path):
    for vector_set in (made_up(), made_up(own=True)):
        room = 300 - (vector_set.query_rows is not None)
        found = with_truth(vector_set, room, cache=tmp_path)
        ids, distances = by_hand(vector_set)
        np.testing.assert_array_equal(found.neighbors, ids[:, :room])
        np.testing.assert_array_equal(found.distances, distances[:, :room])


@pytest.mark.parametrize(("own", "k", "message"), [(False, 301, "300 vectors"), (True, 300, "299 vectors .* besides")])
def test_k_larger_than_the_set(tmp_path, own, k, message):
    with pytest.raises(InputError, match=f"--k={k}: made up has {message}"):
        with_truth(made_up(own=own), k, cache=tmp_path)
    with pytest.raises(InputError, match="--k=0"):
        with_truth(made_up(own=own), 0, cache=tmp_path)


def test_one_row_is_too_few(tmp_path):
    one = VectorSet(
        "one", "euclidean", np.ones((1, 4), np.float32), np.ones((1, 4), np.float32), query_rows=np.zeros(1, int)
    )
    with pytest.raises(InputError, match="vectors one: one row finds .* two rows or more are needed"):
        with_truth(one, 10, cache=tmp_path)


def test_near_duplicates_come_in_their_true_order(tmp_path):
    """Far from the origin, |x|^2 - 2xy + |y|^2 loses what tells them apart."""
    steps = np.random.default_rng(0).permutation(200).astype(np.float32)
    gallery = np.full((200, 16), 1000, np.float32)
    gallery[:, 0] += steps * 2e-3
    queries = np.full((1, 16), 1000, np.float32)
    found = with_truth(VectorSet("near", "euclidean", gallery, queries), 150, cache=tmp_path)
    expected = np.argsort(np.abs(gallery[:, 0] - 1000), kind="stable")[:150]
    assert (found.neighbors[0] == expected).mean() > 0.99
    assert (np.diff(found.distances[0]) >= 0).all()


def test_a_second_call_searches_nothing_and_fewer_columns_are_there(tmp_path, searched):
    first = with_truth(made_up(), 20, cache=tmp_path)
    done = len(searched)
    for k in (20, 3):
        again = with_truth(made_up(), k, cache=tmp_path)
        np.testing.assert_array_equal(again.neighbors, first.neighbors[:, :k])
        np.testing.assert_array_equal(again.distances, first.distances[:, :k])
    assert len(searched) == done
    with_truth(made_up(), 21, cache=tmp_path)
    with_truth(made_up("angular"), 3, cache=tmp_path)
    assert len(searched) == 3 * done


def test_a_killed_search_goes_on_after_its_last_block(tmp_path, searched, monkeypatch):
    write = blocks.write

    def killed(path: Path, found: tuple[np.ndarray, np.ndarray]) -> None:
        if path.name == "14-21.npz":
            raise KeyboardInterrupt
        write(path, found)

    monkeypatch.setattr(blocks, "write", killed)
    with pytest.raises(KeyboardInterrupt):
        with_truth(made_up(own=True), 5, cache=tmp_path)
    assert len(searched) == 3
    monkeypatch.setattr(blocks, "write", write)
    found = with_truth(made_up(own=True), 5, cache=tmp_path)
    assert len(searched) == 3 + 2  # of four; the third was not on disk
    np.testing.assert_array_equal(found.distances, by_hand(made_up(own=True))[1][:, :5])
    assert [path.suffix for path in tmp_path.iterdir()] == [".npz"]  # the blocks are gone


def test_a_damaged_file_is_made_again(tmp_path, searched):
    first = with_truth(made_up(), 5, cache=tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:100])
    again = with_truth(made_up(), 5, cache=tmp_path)
    np.testing.assert_array_equal(again.neighbors, first.neighbors)
    assert len(searched) == 8


def test_published_neighbors_are_taken_and_their_distances_computed(tmp_path, searched):
    ids, distances = by_hand(made_up())
    published = replace(made_up(), neighbors=ids[:, 9::-1].copy(), distances=np.ones((25, 10), np.float32))
    found = with_truth(published, 10, cache=tmp_path)
    np.testing.assert_array_equal(found.neighbors, ids[:, :10])
    np.testing.assert_array_equal(found.distances, distances[:, :10])
    assert slice(0, 7) not in searched  # only compared with a sample
    with_truth(published, 11, cache=tmp_path)
    assert slice(0, 7) in searched


def test_a_mark_tells_published_neighbors_apart_where_they_are_taken():
    ids, _ = by_hand(made_up())
    ten, twelve = (replace(made_up(), neighbors=ids[:, :count].copy()) for count in (10, 12))
    assert truth.mark(made_up(), 10) == truth.mark(ten, 11) == ""
    assert truth.mark(ten, 10) == truth.mark(ten, 3) != truth.mark(twelve, 10)
    assert len(truth.mark(ten, 10)) == 8


def test_published_neighbors_with_the_query_or_with_none_are_not_taken(tmp_path, searched):
    vector_set = made_up(own=True)
    ids, distances = by_hand(vector_set)
    for place, wrong in enumerate((7, -1)):
        neighbors = ids[:, :5].copy()
        neighbors[0, 4] = wrong
        found = with_truth(replace(vector_set, neighbors=neighbors), 5, cache=tmp_path / str(place))
        np.testing.assert_array_equal(found.distances, distances[:, :5])
    assert len(searched) == 8


def test_neighbors_of_other_vectors_are_refused(tmp_path):
    ids, _ = by_hand(made_up())
    with pytest.raises(InputError, match="made up: row .* is nearer to query .* other vectors"):
        with_truth(replace(made_up(), neighbors=np.roll(ids[:, :10], 1, axis=0)), 10, cache=tmp_path)
    with pytest.raises(InputError, match=r"nearer .*\(inner_product\)"):
        with_truth(replace(made_up("inner_product"), neighbors=ids[:, :10]), 10, cache=tmp_path)
    assert not list(tmp_path.iterdir())


def test_computed_truth_does_not_hide_published_one(tmp_path):
    ids, distances = by_hand(made_up())
    with_truth(made_up(), 10, cache=tmp_path)
    with pytest.raises(InputError, match="other vectors"):
        with_truth(replace(made_up(), neighbors=np.roll(ids[:, :10], 1, axis=0)), 10, cache=tmp_path)
    found = with_truth(replace(made_up(), neighbors=ids[:, :12].copy()), 10, cache=tmp_path)
    np.testing.assert_array_equal(found.distances, distances[:, :10])
    assert len(list(tmp_path.iterdir())) == 2


def test_published_truth_is_not_believed_without_it(tmp_path, monkeypatch):
    """Also one that no check finds out."""
    for check in ("_check_by_sample", "_check_by_search"):
        monkeypatch.setattr(truth, check, lambda *_: None)
    ids, distances = by_hand(made_up())
    wrong = replace(made_up(), neighbors=ids[:, 50:60].copy())
    np.testing.assert_array_equal(with_truth(wrong, 10, cache=tmp_path).distances, distances[:, 50:60])
    np.testing.assert_array_equal(with_truth(made_up(), 10, cache=tmp_path).distances, distances[:, :10])
    other = replace(made_up(), neighbors=ids[:, 60:70].copy())
    np.testing.assert_array_equal(with_truth(other, 10, cache=tmp_path).distances, distances[:, 60:70])


def test_a_row_twice_among_published_neighbors(tmp_path):
    ids = by_hand(made_up())[0][:, :10].copy()
    ids[3, 7] = ids[3, 2]
    with pytest.raises(InputError, match="made up: query 3 has a row twice"):
        with_truth(replace(made_up(), neighbors=ids), 10, cache=tmp_path)


@pytest.mark.parametrize("metric", METRICS)
def test_published_neighbors_are_held_against_exact_search(tmp_path, monkeypatch, metric):
    """Rows one rank too far are what a sample of the gallery hardly ever finds; a few of them may be rounding."""
    monkeypatch.setattr(truth, "_SAMPLE", 10)
    rng = np.random.default_rng(0)
    gallery, queries = rng.normal(size=(5000, 8)).astype(np.float32), rng.normal(size=(15, 8)).astype(np.float32)
    if metric == "hamming":
        gallery, queries = rng.integers(0, 256, (5000, 8), np.uint8), rng.integers(0, 256, (15, 8), np.uint8)
    vector_set = VectorSet("approximate", metric, gallery, queries)
    ids, distances = by_hand(vector_set)
    for wrong in (1, 15):  # of 150
        neighbors = ids[:, :10].copy()
        farther = (distances != distances[:, 9:10]) & (np.arange(5000) > 9)
        neighbors[:wrong, 9] = ids[np.arange(15), farther.argmax(axis=1)][:wrong]
        published = replace(vector_set, neighbors=neighbors)
        if wrong == 1:
            assert with_truth(published, 10, cache=tmp_path).neighbors.shape == (15, 10)
            continue
        with pytest.raises(InputError, match=r"approximate: row \d+ is nearer to query \d+ .* right file"):
            with_truth(published, 10, cache=tmp_path)
        monkeypatch.setattr(truth, "_SEARCHED_ROWS", 4999)
        assert with_truth(published, 10, cache=tmp_path).neighbors.shape == (15, 10)


def test_published_neighbors_of_a_set_whose_queries_are_its_own_rows(tmp_path):
    ids, distances = by_hand(made_up(own=True))
    found = with_truth(replace(made_up(own=True), neighbors=ids[:, :299].copy()), 299, cache=tmp_path)
    np.testing.assert_array_equal(found.distances, distances[:, :299])


def test_nan_is_looked_for_once(tmp_path, monkeypatch):
    vector_set = made_up()
    looked = []
    monkeypatch.setattr(VectorSet, "check_finite", lambda self: looked.append(self))
    for k in (3, 2, 4):
        with_truth(vector_set, k, cache=tmp_path)
    with_truth(replace(vector_set, neighbors=by_hand(vector_set)[0][:, :5].copy()), 5, cache=tmp_path)
    assert len(looked) == 1
    monkeypatch.undo()
    gallery = vector_set.gallery.copy()
    gallery[299, 1] = np.nan
    with pytest.raises(InputError, match="1 of 300 rows of the gallery hold NaN, .* the first is row 299"):
        with_truth(replace(vector_set, gallery=gallery), 3, cache=tmp_path)


def test_a_mapped_gallery(tmp_path):
    vector_set = made_up()
    formats.write(tmp_path / "g.fvecs", vector_set.gallery)
    mapped = replace(vector_set, gallery=formats.read(tmp_path / "g.fvecs"))
    found = with_truth(mapped, 5, cache=tmp_path / "cache")
    np.testing.assert_array_equal(found.distances, by_hand(vector_set)[1][:, :5])
    assert mapped.fingerprint() == vector_set.fingerprint()


def test_a_cache_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"):
        with_truth(made_up(), 5, cache=tmp_path / "file" / "cache")
