"""Found: rows of a gallery with their scores, and the names of what they are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from datasets.vectors import exact

# Rows of a gallery (Q, k) int64, best first, -1 for none; and their scores (Q, k) float32, a higher one being better.
Ranked = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Hit:
    """What was found: its name (the path of an image, or a sentence) and its score."""

    name: str
    score: float


def by_score(queries: np.ndarray, gallery: np.ndarray, neighbors: np.ndarray) -> Ranked:
    """What an index has found, ``neighbors`` (Q, k), with the true cosines, in their order."""
    scores = exact.between(queries, gallery, neighbors, metric="inner_product")
    order = np.argsort(-scores, axis=1, kind="stable")
    return tuple(np.take_along_axis(part, order, axis=1) for part in (neighbors, scores))


def hits(ranked: Ranked, names: Sequence[str]) -> list[list[Hit]]:
    """What was found for each query; ``names`` are those of the gallery."""
    return [
        [Hit(names[row], float(score)) for row, score in zip(rows, scores, strict=True) if row >= 0]
        for rows, scores in zip(*ranked, strict=True)
    ]


def without(ranked: Ranked, own: Sequence[np.ndarray], k: int) -> Ranked:
    """The first ``k`` that are not among each query's ``own`` rows; -1 and minus infinity where there are fewer."""
    neighbors, scores = (np.array(part) for part in ranked)
    gone = np.stack([np.isin(row, its) for row, its in zip(neighbors, own, strict=True)]) | (neighbors < 0)
    neighbors[gone], scores[gone] = -1, -np.inf
    order = np.argsort(gone, axis=1, kind="stable")[:, :k]
    return tuple(np.take_along_axis(part, order, axis=1) for part in (neighbors, scores))


def on_a_line(name: str) -> str:
    """A name as one line of text holds it: what no line can show is written as escapes."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in name)
