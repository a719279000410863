"""Exact search against plain loops over all pairs, with ties, duplicates and too few rows."""

import numpy as np
import pytest

from datasets.stored import formats
from datasets.vectors import exact


def plain_distance(x: np.ndarray, y: np.ndarray, metric: str) -> float:
    if metric == "hamming":
        return sum(bin(int(a) ^ int(b)).count("1") for a, b in zip(x, y, strict=True))
    x, y = x.astype(np.float64), y.astype(np.float64)
    if metric == "euclidean":
        return float(sum((a - b) ** 2 for a, b in zip(x, y, strict=True)) ** 0.5)
    product = float(sum(a * b for a, b in zip(x, y, strict=True)))
    if metric == "inner_product":
        return product
    return 1 - product / float((x @ x) ** 0.5 * (y @ y) ** 0.5)


def plain_search(queries, gallery, k, metric, exclude=None):
    """Every query's distances to all it may find, sorted."""
    rows = []
    for q, query in enumerate(queries):
        allowed = [g for g in range(len(gallery)) if exclude is None or g != exclude[q]]
        found = [(plain_distance(query, gallery[g], metric), g) for g in allowed]
        rows.append(sorted(found, reverse=metric == "inner_product")[:k])
    return rows


def make(metric: str, count: int, rng: np.random.Generator) -> np.ndarray:
    if metric == "hamming":
        return rng.integers(0, 256, (count, 4), dtype=np.uint8)
    return rng.normal(size=(count, 7)).astype(np.float32)


@pytest.mark.parametrize("metric", exact.METRICS)
@pytest.mark.parametrize("block", [5, 4096])
def test_agrees_with_loops_over_all_pairs(metric, block):
    rng = np.random.default_rng(0)
    queries, gallery = make(metric, 23, rng), make(metric, 40, rng)
    neighbors, distances = exact.search(queries, gallery, 6, metric=metric, block=block)
    assert neighbors.dtype == np.int64 and distances.dtype == np.float32
    assert neighbors.shape == distances.shape == (23, 6)
    for q, expected in enumerate(plain_search(queries, gallery, 6, metric)):
        np.testing.assert_allclose(distances[q], [d for d, _ in expected], atol=1e-5)
        own = [plain_distance(queries[q], gallery[g], metric) for g in neighbors[q]]
        np.testing.assert_allclose(distances[q], own, atol=1e-5)  # the ids are those of the distances
        assert len(set(neighbors[q])) == 6


@pytest.mark.parametrize("metric", exact.METRICS)
def test_leave_one_out_never_finds_itself(metric):
    vectors = make(metric, 30, np.random.default_rng(1))
    own = np.arange(30)
    neighbors, distances = exact.search(vectors, vectors, 5, metric=metric, exclude=own, block=7)
    assert not (neighbors == own[:, None]).any()
    expected = plain_search(vectors, vectors, 5, metric, exclude=own)
    np.testing.assert_allclose(distances, [[d for d, _ in row] for row in expected], atol=1e-3)


def test_excluding_an_arbitrary_row_and_excluding_nothing():
    gallery = np.arange(6, dtype=np.float32)[:, None]
    queries = np.array([[0.1], [0.1], [5.1]], np.float32)
    neighbors, _ = exact.search(queries, gallery, 3, exclude=np.array([1, -1, 0]))
    assert neighbors.tolist() == [[0, 2, 3], [0, 1, 2], [5, 4, 3]]


@pytest.mark.parametrize("metric", ["euclidean", "angular", "inner_product", "hamming"])
def test_among_duplicates_exactly_one_row_is_removed(metric):
    one = make(metric, 1, np.random.default_rng(2))
    vectors = np.repeat(one, 50, axis=0)  # far more ties than k: most rows are not in their own k + 1 nearest
    neighbors, _ = exact.search(vectors, vectors, 4, metric=metric, exclude=np.arange(50))
    assert (neighbors >= 0).all()
    for row, found in enumerate(neighbors):
        assert row not in found and len(set(found)) == 4


@pytest.mark.parametrize("metric", exact.METRICS)
def test_pads_where_there_are_fewer_than_k(metric):
    vectors = make(metric, 3, np.random.default_rng(3))
    missing = -np.inf if metric == "inner_product" else np.inf
    neighbors, distances = exact.search(vectors, vectors, 5, metric=metric)
    assert (np.sort(neighbors[:, :3]) == np.arange(3)).all() and (neighbors[:, 3:] == -1).all()
    assert (distances[:, 3:] == missing).all() and np.isfinite(distances[:, :3]).all()

    neighbors, distances = exact.search(vectors, vectors, 3, metric=metric, exclude=np.array([0, 1, -1]))
    assert set(neighbors[0]) == {1, 2, -1} and set(neighbors[1]) == {0, 2, -1} and set(neighbors[2]) == {0, 1, 2}
    assert (distances[:2, 2] == missing).all()


def test_no_gallery_and_no_queries():
    nothing, some = np.zeros((0, 3), np.float32), np.ones((2, 3), np.float32)
    neighbors, distances = exact.search(some, nothing, 2)
    assert (neighbors == -1).all() and np.isinf(distances).all()
    assert exact.search(nothing, some, 2)[0].shape == (0, 2)


def test_duplicates_are_at_distance_zero_or_above():
    rng = np.random.default_rng(4)
    vectors = rng.normal(size=(200, 64)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    _, distances = exact.search(vectors, vectors, 3)
    assert not np.isnan(distances).any() and (distances >= 0).all()
    assert distances[:, 0].max() < 1e-3  # |x|^2 - 2xy + |y|^2 in single precision


def test_angular_ignores_length_and_stands_zero_rows():
    queries = np.array([[2, 0], [0, 0]], np.float32)
    gallery = np.array([[0, 5], [0.1, 0], [-3, 0]], np.float32)
    neighbors, distances = exact.search(queries, gallery, 3, metric="angular")
    assert neighbors[0].tolist() == [1, 0, 2]
    np.testing.assert_allclose(distances, [[0, 1, 2], [1, 1, 1]], atol=1e-6)


def test_converts_what_is_not_float32():
    gallery = np.arange(10, dtype=np.uint8)[::-1, None]
    neighbors, distances = exact.search(np.array([[3]]), gallery, 1)
    assert neighbors.tolist() == [[6]] and distances.tolist() == [[0]]


def test_blocks_are_the_rows_of_search():
    vectors = make("euclidean", 25, np.random.default_rng(5))
    whole, _ = exact.search(vectors, vectors, 4, exclude=np.arange(25))
    parts = list(exact.blocks(vectors, vectors, 4, exclude=np.arange(25), block=10))
    assert [(rows.start, rows.stop) for rows, _, _ in parts] == [(0, 10), (10, 20), (20, 25)]
    assert (np.concatenate([neighbors for _, neighbors, _ in parts]) == whole).all()


def test_k_of_a_thousand():
    vectors = make("euclidean", 1500, np.random.default_rng(6))
    neighbors, distances = exact.search(vectors[:20], vectors, 1000, exclude=np.arange(20))
    full = np.linalg.norm(vectors[:20, None].astype(np.float64) - vectors[None], axis=2)
    full[np.arange(20), np.arange(20)] = np.inf
    np.testing.assert_allclose(distances, np.sort(full, axis=1)[:, :1000], atol=1e-3)
    assert all(len(set(row)) == 1000 for row in neighbors)


@pytest.mark.parametrize(
    ("queries", "gallery", "options", "message"),
    [
        (np.ones((2, 3)), np.ones((2, 4)), {}, r"\(2, 3\).*\(2, 4\)"),
        (np.ones((2, 3)), np.ones((2, 3)), {"metric": "cosine"}, "cosine"),
        (np.ones((2, 3)), np.ones((2, 3)), {"metric": "hamming"}, "uint8"),
        (np.ones((2, 3)), np.ones((2, 3)), {"exclude": np.zeros(1, int)}, "exclude"),
    ],
)
def test_says_what_does_not_fit(queries, gallery, options, message):
    with pytest.raises(ValueError, match=message):
        exact.search(queries, gallery, 1, **options)


@pytest.mark.parametrize("metric", exact.METRICS)
@pytest.mark.parametrize("suffix", ["contiguous", "strided"])
def test_a_mapped_gallery_in_blocks_is_searched_as_in_one(tmp_path, metric, suffix):
    rng = np.random.default_rng(7)
    queries, gallery = make(metric, 9, rng), make(metric, 53, rng)
    gallery[40:] = gallery[:13]  # ties between blocks
    names = {"contiguous": ".fbin", "strided": ".fvecs"} if metric != "hamming" else {"contiguous": ".u8bin"}
    path = tmp_path / f"a{names.get(suffix, '.bvecs')}"
    formats.write(path, gallery)
    own = rng.integers(-1, 53, 9)
    whole = exact.search(queries, gallery, 6, metric=metric, exclude=own)
    for rows in (7, 52):
        room = rows * gallery.shape[1] * gallery.itemsize
        neighbors, distances = exact.search(queries, formats.read(path), 6, metric=metric, exclude=own, room=room)
        np.testing.assert_allclose(distances, whole[1], rtol=1e-5, atol=1e-5)
        direct = [
            [plain_distance(q, gallery[g], metric) for g in row] for q, row in zip(queries, neighbors, strict=True)
        ]
        np.testing.assert_allclose(distances, direct, atol=1e-3)
        assert all(len(set(row)) == 6 for row in neighbors) and not (neighbors == own[:, None]).any()


@pytest.mark.parametrize("metric", ["euclidean", "inner_product", "angular"])
def test_threads_that_search_by_themselves_find_the_same(monkeypatch, metric):
    rng = np.random.default_rng(12)
    queries, gallery = make(metric, 31, rng), make(metric, 90, rng)
    together = exact.search(queries, gallery, 5, metric=metric)
    monkeypatch.setattr(exact, "_parts", lambda *_: [slice(0, 10), slice(10, 21), slice(21, 31)])
    threads = exact.faiss.omp_get_max_threads()
    neighbors, distances = exact.search(queries, gallery, 5, metric=metric)
    np.testing.assert_array_equal(neighbors, together[0])
    np.testing.assert_allclose(distances, together[1], atol=1e-5)
    assert exact.faiss.omp_get_max_threads() == threads


@pytest.mark.parametrize(
    "queries, dim, gallery, threads, sizes",
    [
        (4096, 128, 1_000_000, 2, [1024] * 4),
        (4096, 128, 1_000_000, 1, [4096]),
        (4096, 128, 1_000_000, 8, [4096]),  # too few for all threads
        (4096, 512, 1_000_000, 8, [512] * 8),
        (3001, 512, 1_000_000, 2, [1500, 1501]),
        (5200, 512, 1_000_000, 2, [1300] * 4),  # of five, one thread would get three
        (1800, 128, 1_000_000, 2, [1800]),  # the parts would be compared row by row
        (4096, 128, 100, 2, [4096]),  # done before a thread has started
        (0, 128, 1_000_000, 2, [0]),
    ],
)
def test_what_each_thread_searches_by_itself(queries, dim, gallery, threads, sizes):
    many = np.lib.stride_tricks.as_strided(np.zeros(1, np.float32), (1_000_000, dim), (0, 0))
    parts = exact._parts(many[:queries], many[:gallery], threads)
    assert [part.stop - part.start for part in parts] == sizes
    assert (parts[0].start, parts[-1].stop) == (0, queries)
    assert all(one.stop == other.start for one, other in zip(parts, parts[1:], strict=False))


def test_blocks_of_queries_are_of_one_size(monkeypatch):
    vectors, sizes, search_block = make("euclidean", 100, np.random.default_rng(13)), [], exact._faiss
    monkeypatch.setattr(exact, "_faiss", lambda queries, *a: sizes.append(len(queries)) or search_block(queries, *a))
    exact.search(vectors, vectors, 1, block=41)
    assert sizes == [34, 34, 32]


@pytest.mark.parametrize("metric", ["euclidean", "angular"])
def test_all_blocks_are_copied_into_the_same_memory(tmp_path, monkeypatch, metric):
    """Memory that the system hands out anew for each block takes longer than the copy into it."""
    rng = np.random.default_rng(11)
    formats.write(tmp_path / "a.fvecs", make(metric, 53, rng))
    places, search_block = set(), exact._faiss
    monkeypatch.setattr(exact, "_faiss", lambda q, part, *a: places.add(part.ctypes.data) or search_block(q, part, *a))
    exact.search(make(metric, 20, rng), formats.read(tmp_path / "a.fvecs"), 3, metric=metric, block=8, room=10 * 7 * 4)
    assert len(places) == 1


@pytest.mark.parametrize("dtype", [np.uint8, np.int8])
@pytest.mark.parametrize("metric", ["euclidean", "inner_product", "angular"])
def test_bytes_are_converted_block_by_block(metric, dtype):
    rng = np.random.default_rng(8)
    gallery = rng.integers(0, 100, (40, 5)).astype(dtype)
    queries = rng.normal(size=(6, 5)).astype(np.float32)
    neighbors, _ = exact.search(queries, gallery, 4, metric=metric, room=7 * 5 * 4)
    expected, _ = exact.search(queries, gallery.astype(np.float32), 4, metric=metric)
    np.testing.assert_array_equal(neighbors, expected)


@pytest.mark.parametrize("metric", exact.METRICS)
def test_fewer_than_k_in_every_block_and_in_all(metric):
    rng = np.random.default_rng(9)
    gallery = make(metric, 10, rng)
    neighbors, distances = exact.search(gallery[:3], np.asfortranarray(gallery), 12, metric=metric, room=1)
    assert (np.sort(neighbors[:, :10]) == np.arange(10)).all() and (neighbors[:, 10:] == -1).all()
    assert np.isinf(distances[:, 10:]).all() and np.isfinite(distances[:, :10]).all()


@pytest.mark.parametrize("metric", exact.METRICS)
@pytest.mark.parametrize("mapped", [False, True])
def test_distances_to_given_neighbors(tmp_path, monkeypatch, metric, mapped):
    monkeypatch.setattr(exact, "_COMPARED", 10)
    rng = np.random.default_rng(10)
    queries, gallery = make(metric, 8, rng), make(metric, 30, rng)
    neighbors = rng.integers(0, 30, (8, 4))
    neighbors[2, 1] = neighbors[7, 3] = -1
    if mapped:
        formats.write(tmp_path / "a.npy", gallery)
        gallery = formats.read(tmp_path / "a.npy")
    distances = exact.between(queries, gallery, neighbors, metric=metric)
    none = -np.inf if metric == "inner_product" else np.inf
    for q, row in enumerate(neighbors):
        expected = [none if g < 0 else plain_distance(queries[q], gallery[g], metric) for g in row]
        np.testing.assert_allclose(distances[q], expected, rtol=1e-5, atol=1e-6)


def test_distances_between_near_duplicates_and_to_rows_of_zeros():
    one = np.full((1, 64), 100, np.float32)
    other = one + np.float32(1e-3)
    ids = np.zeros((1, 1), int)
    gap = np.linalg.norm(other.astype(np.float64) - one)
    assert exact.between(one, other, ids, metric="euclidean")[0, 0] == pytest.approx(gap, rel=1e-6)
    zero = np.zeros_like(one)
    assert exact.between(zero, one, ids, metric="angular")[0, 0] == 1
    assert exact.between(one, zero, ids, metric="angular")[0, 0] == 1


@pytest.mark.parametrize("metric", exact.METRICS)
@pytest.mark.parametrize("block", [3, 256])
def test_all_distances_against_loops(metric, block):
    rng = np.random.default_rng(1)
    queries, gallery = make(metric, 8, rng), make(metric, 20, rng)
    gallery[4] = queries[1]
    if metric == "angular":
        gallery[9] = 0
    rows, parts = zip(*exact.all_distances(queries, gallery, metric=metric, block=block), strict=True)
    found = np.concatenate(parts)
    assert found.dtype == np.float32 and [part.start for part in rows] == list(range(0, 8, block))
    for q, g in np.ndindex(8, 20):
        far = (metric, g) == ("angular", 9)
        expected = 1.0 if far else plain_distance(queries[q], gallery[g], metric)
        assert found[q, g] == pytest.approx(expected, abs=2e-3 if metric == "euclidean" else 1e-5)
