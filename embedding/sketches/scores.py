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
    right = [np.flatnonzero(gallery.labels == label) for label in queries.labels]
    known = np.array([path in trained for path in gallery.paths])
    places = Ranking.of_vectors(queries.vectors, gallery.vectors).ranks(
        [np.concatenate([rows, np.flatnonzero(known)]) for rows in right]
    )
    at_right = [each[: len(rows)] for each, rows in zip(places, right, strict=True)]
    found = without_junk(at_right, [each[:0] for each in at_right])
    scores = {"map@all": _mean_ap(found)}
    if known.any() and not known.all():
        new = [each[~known[rows]] for each, rows in zip(at_right, right, strict=True)]
        junk = [each[len(rows) :] for each, rows in zip(places, right, strict=True)]
        scores["map@all untrained"] = _mean_ap(without_junk(new, junk))
    among = {n: min(n, len(gallery)) for n in ns}
    return scores | {f"precision@{n}": float((found.places < n).sum() / len(queries) / of) for n, of in among.items()}


def _mean_ap(found: Found) -> float:
    return float(np.nan_to_num(at_hits(found)).mean())
