"""Scores across two kinds against plain counting, and as those of codes count the same ranking."""

import numpy as np
import pytest

from datasets.vectors.base import Embeddings
from embedding.sketches.scores import evaluate


def embeddings(rng, labels, name):
    rows = rng.standard_normal((len(labels), 5)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return Embeddings(rows, np.array(labels), tuple(f"{name}{row}" for row in range(len(labels))))


def plain(queries, gallery, n, without=()):
    """(mAP, precision@n), query by query along its whole ranking."""
    kept = np.array([path not in without for path in gallery.paths])
    found = []
    for vector, label in zip(queries.vectors, queries.labels, strict=True):
        order = np.argsort(-(gallery.vectors[kept] @ vector), kind="stable")
        hits = gallery.labels[kept][order] == label
        precisions = [hits[: place + 1].mean() for place in np.flatnonzero(hits)]
        found.append((np.mean(precisions) if precisions else 0.0, hits[:n].mean()))
    return np.mean(found, axis=0)


def test_equals_plain_counting():
    rng = np.random.default_rng(0)
    queries, gallery = embeddings(rng, [0, 1, 2, 0, 3], "q"), embeddings(rng, [0, 1, 2] * 7, "g")
    scores = evaluate(queries, gallery, ns=(4, 100))
    mean, first = plain(queries, gallery, 4)
    assert scores == pytest.approx(
        {"map@all": mean, "precision@4": first, "precision@100": plain(queries, gallery, 100)[1]}
    )


def test_what_was_trained_on_is_left_out_of_a_second_map():
    rng = np.random.default_rng(1)
    queries, gallery = embeddings(rng, [0, 1, 2], "q"), embeddings(rng, [0, 1, 2] * 5, "g")
    trained = gallery.paths[::2]
    scores = evaluate(queries, gallery, ns=(3,), trained=trained)
    assert scores["map@all untrained"] == pytest.approx(plain(queries, gallery, 3, trained)[0])
    assert "map@all untrained" not in evaluate(queries, gallery, ns=(3,), trained=gallery.paths)
