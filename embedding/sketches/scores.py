"""Scores of embeddings across two kinds of pictures: mAP over the whole ranking, and precision among its first."""

from collections.abc import Collection, Sequence

import numpy as np

from datasets.vectors.base import Embeddings
from embedding.evaluation.ranking import Ranking
from embedding.evaluation.revisited import Found, at_hits, without_junk


def evaluate(
    queries: Embeddings, gallery: Embeddings, *, ns: Sequence[int], trained: Collection[str] = ()
) -> dict[str, float]:
    """{name: score between 0 and 1}: map@all, and precision@N for each of ``ns``, means over the queries.

    trained : paths of the gallery that were trained on; where these are some and not all, "map@all untrained" is
        map@all without them
    The names and what they mean are those of codes. A query with nothing to find scores 0.
    """
    places = _places(queries, gallery)
    scores = {"map@all": _mean_ap(places)}
    new = np.flatnonzero([path not in trained for path in gallery.paths])
    if 0 < len(new) < len(gallery):
        scores["map@all untrained"] = _mean_ap(_places(queries, gallery.take(new)))
    among = {n: min(n, len(gallery)) for n in ns}
    return scores | {f"precision@{n}": float((places.places < n).sum() / len(queries) / of) for n, of in among.items()}


def _places(queries: Embeddings, gallery: Embeddings) -> Found:
    """Where the photographs of a sketch's class stand in its ranking."""
    right = [np.flatnonzero(gallery.labels == label) for label in queries.labels]
    places = Ranking.of_vectors(queries.vectors, gallery.vectors).ranks(right)
    return without_junk(places, [each[:0] for each in places])


def _mean_ap(found: Found) -> float:
    return float(np.nan_to_num(at_hits(found)).mean())
