"""True neighbors under a filter, against a plain loop: any metric, few or many conditions, few or many that pass."""

import numpy as np
import pytest

from datasets.attributes.condition import All, Among, Between
from datasets.attributes.filter import Filter
from datasets.attributes.passing import Passing
from datasets.attributes.table import Attributes
from datasets.errors import InputError
from datasets.stored import blocks
from datasets.truths import filtered
from datasets.vectors import exact
from datasets.vectors.base import VectorSet

COUNT, QUERIES, K = 700, 30, 6


def a_set(metric, **given):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(COUNT + QUERIES, 16)).astype(np.float32)
    if metric == "hamming":
        rows = rng.integers(0, 256, (COUNT + QUERIES, 4)).astype(np.uint8)
    rows[5:8] = rows[8]  # ties
    return VectorSet("some", metric, rows[:COUNT], rows[COUNT:], **given)


ATTRIBUTES = Attributes({"number": np.random.default_rng(1).permutation(COUNT)})
SHARES = {
    "all": [All()],
    "none": [Among("number", ())],
    "one": [Between("number", 0, 200)],
    "few pass": [Between("number", 0, 3), Between("number", 5, 5)],
    "each": [Between("number", place, place + 20 * (place + 1)) for place in range(QUERIES)],
}


def plainly(vector_set, asked, passing):
    """One query, and one row, after the other."""
    own, worst = vector_set.own_rows, -np.inf if vector_set.metric == "inner_product" else np.inf
    neighbors, distances = np.full((QUERIES, K), -1), np.full((QUERIES, K), worst, np.float32)
    sign = -1 if vector_set.metric == "inner_product" else 1
    for query in range(QUERIES):
        mask = passing.rows(asked.conditions[asked.of_query[query]])
        rows = [row for row in range(COUNT) if mask[row] and row != own[query]]
        if not rows:
            continue
        ids = np.array([rows])
        one = vector_set.queries[query : query + 1]
        far = exact.between(one, vector_set.gallery, ids, metric=vector_set.metric)[0]
        nearest = sorted(zip((sign * far).tolist(), rows, strict=True))[:K]
        neighbors[query, : len(nearest)] = [row for _, row in nearest]
        distances[query, : len(nearest)] = [sign * distance for distance, _ in nearest]
    return neighbors, distances


@pytest.mark.parametrize("metric", ["euclidean", "angular", "inner_product", "hamming"])
@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("copied", [True, False])
def test_as_a_plain_loop_finds_them(metric, share, copied, monkeypatch, tmp_path):
    monkeypatch.setattr(filtered, "_CALL", -(10**9) if copied else 10**9)
    monkeypatch.setattr(filtered, "_TILE", 100)
    monkeypatch.setattr(filtered, "_QUERIES", 8)
    vector_set, passing = a_set(metric), Passing(ATTRIBUTES)
    conditions = SHARES[share]
    asked = Filter(share, tuple(conditions), np.arange(QUERIES) % len(conditions))
    found = filtered.with_truth(vector_set, K, asked, passing, cache=tmp_path, mark="m", progress=False)
    neighbors, distances = plainly(vector_set, asked, passing)
    np.testing.assert_array_equal(found.distances, distances)
    if metric != "hamming":  # of more rows that tie for the last place than are candidates any may be found
        np.testing.assert_array_equal(found.neighbors, neighbors)
    assert ((found.neighbors < 0) == (neighbors < 0)).all()


def test_no_query_finds_itself(tmp_path):
    own = np.arange(QUERIES) * 3
    vector_set = a_set("euclidean")
    vector_set = VectorSet("some", "euclidean", vector_set.gallery, vector_set.gallery[own].copy(), query_rows=own)
    passing = Passing(ATTRIBUTES)
    asked = Filter("each", tuple(SHARES["each"]), np.arange(QUERIES))
    found = filtered.with_truth(vector_set, K, asked, passing, cache=tmp_path, mark="m", progress=False)
    np.testing.assert_array_equal(found.neighbors, plainly(vector_set, asked, passing)[0])


def test_parts_of_a_gallery_and_a_search_that_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(blocks, "PART", 90)
    monkeypatch.setattr(blocks, "BLOCK", 7)
    monkeypatch.setattr(filtered, "_ROOM", 16 * 4 * 40)
    vector_set, passing = a_set("euclidean"), Passing(ATTRIBUTES)
    asked = Filter("each", tuple(SHARES["each"]), np.arange(QUERIES)[::-1].copy())
    found = filtered.search(vector_set, K, asked, passing, folder=tmp_path / "blocks", progress=False)
    np.testing.assert_array_equal(found[0], plainly(vector_set, asked, passing)[0])
    monkeypatch.setattr(filtered, "_search", None)  # all files are there
    again = filtered.search(vector_set, K, asked, passing, folder=tmp_path / "blocks", progress=False)
    np.testing.assert_array_equal(again[0], found[0])


def test_what_is_kept_is_not_searched_for_again(tmp_path, monkeypatch):
    vector_set, passing = a_set("euclidean"), Passing(ATTRIBUTES)
    asked = Filter("one", tuple(SHARES["one"]), np.zeros(QUERIES, np.int64))
    known = {"cache": tmp_path, "mark": "m", "progress": False}
    found = filtered.with_truth(vector_set, K, asked, passing, **known)
    monkeypatch.setattr(filtered, "search", None)
    again = filtered.with_truth(vector_set, K, asked, passing, **known)
    np.testing.assert_array_equal(again.neighbors, found.neighbors)
    assert [path.name.count("-") for path in tmp_path.iterdir()] == [4]
    with pytest.raises(InputError, match="--k=701: some has 700 vectors"):
        filtered.with_truth(vector_set, 701, asked, passing, **known)
