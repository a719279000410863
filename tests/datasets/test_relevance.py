"""Relevance: of one class, or a concept in common, against plain loops."""

import numpy as np

from datasets.relevance import hits, relevant


def test_classes_are_relevant_where_they_are_equal():
    queries, gallery = np.array([0, 2, 2]), np.array([2, 0, 1, 2])
    expected = [[False, True, False, False], [True, False, False, True], [True, False, False, True]]
    assert relevant(queries[:, None], gallery).tolist() == expected


def test_concepts_are_relevant_where_one_is_shared():
    rng = np.random.default_rng(0)
    queries, gallery = rng.random((13, 5)) < 0.3, rng.random((17, 5)) < 0.3
    queries[0], gallery[0] = False, False  # without any label
    found = relevant(queries[:, None], gallery)
    assert found.shape == (13, 17) and found.any() and not found.all()
    for i, query in enumerate(queries):
        for j, item in enumerate(gallery):
            assert found[i, j] == any(a and b for a, b in zip(query, item, strict=True))
    assert not found[0].any() and not found[:, 0].any()


def test_one_hot_concepts_are_classes():
    rng = np.random.default_rng(0)
    queries, gallery = rng.integers(0, 4, 9), rng.integers(0, 4, 11)
    eye = np.eye(4, dtype=bool)
    np.testing.assert_array_equal(relevant(eye[queries][:, None], eye[gallery]), relevant(queries[:, None], gallery))


def test_hits_are_those_of_the_neighbors_and_none_stands_for_none():
    rng = np.random.default_rng(0)
    neighbors = rng.integers(-1, 11, (9, 6))
    for labels in (rng.integers(0, 3, 20), rng.random((20, 4)) < 0.4):
        queries, gallery = labels[:9], labels[9:]
        found = hits(neighbors, queries, gallery)
        assert found.shape == (9, 6) and found.dtype == bool
        for i, j in np.ndindex(9, 6):
            row = neighbors[i, j]
            expected = row >= 0 and bool(relevant(queries[i], gallery[row]))
            assert found[i, j] == expected
    assert (neighbors < 0).any()
