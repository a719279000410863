"""Matches: queries with the answer that their local features agree with most, and lines between what is the same."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets import relevance
from datasets.images.base import ImageSet
from datasets.images.skipped import Skipped
from datasets.vectors import exact
from datasets.vectors.base import VectorSet
from embedding.report.thumbnails import jpeg, read_image
from embedding.reranking import kept_features, matches_drawn
from embedding.reranking.local_features import Features, Sift
from embedding.reranking.verify import DEFAULT, Verification, verify

_LEAST = 6  # inliers; fewer are chance


@dataclass(frozen=True)
class Matched:
    """A query beside its best answer, as the text of a JPEG; how many features agree, and whether it is right."""

    jpeg: str
    names: tuple[str, str]
    inliers: int
    right: bool


def matched(
    vectors: VectorSet, rows: np.ndarray, count: int, folder: Path, how: Verification = DEFAULT
) -> list[Matched]:
    """Those of the queries ``rows`` whose best answer of the first ``count`` shares enough with them.

    vectors : of pictures in files, unit rows or nearly so; folder : where local features are kept
    Answers stand in the order of their similarities and of geometry together, as ``how`` says, see
    ``reranking.verify``.
    """
    queries, exclude = np.asarray(vectors.queries[rows], np.float32), vectors.own_rows[rows]
    k = max(1, min(count, len(vectors.gallery) - 1))
    neighbors, distances = exact.search(queries, vectors.gallery, k, metric="angular", exclude=exclude)
    answered = neighbors[:, 0] >= 0  # not by itself, which may be the whole gallery
    rows, neighbors, distances = (part[answered] for part in (rows, neighbors, distances))
    if not len(rows):
        return []
    asked = [vectors.query_paths[row] for row in rows]
    places, among = np.unique(neighbors, return_inverse=True)
    features = _features([*asked, *(vectors.gallery_paths[place] for place in places)], folder)
    ask, answer = features[: len(rows)], features[len(rows) :]
    found = verify(among.reshape(neighbors.shape), 1 - distances, ask, answer, how)
    best = places[found.neighbors[:, :1]]
    right = relevance.hits(best, vectors.query_labels[rows], vectors.gallery_labels)[:, 0]
    shown = []
    for at in np.flatnonzero(found.inliers[:, 0] >= _LEAST):
        names = asked[at], vectors.gallery_paths[int(best[at, 0])]
        drawn = matches_drawn.side_by_side(*map(read_image, names), found.matches[at][0])
        shown.append(Matched(jpeg(drawn), names, int(found.inliers[at, 0]), bool(right[at])))
    return shown


def _features(paths: list[str], folder: Path) -> list[Features]:
    """The local features of pictures; of what cannot be read none."""
    rows = np.arange(len(paths))
    images = ImageSet("shown", paths, rows * 0, ("image",), rows[:0], rows, rows)
    skipped = Skipped(1 + len(paths), max_bad=1)
    return kept_features.kept(images, rows, folder=folder, how=Sift(), skipped=skipped)[:]
