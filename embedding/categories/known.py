"""What known classes teach: how far a class reaches, how sure a cluster is, and which images are of none of them."""

from dataclasses import dataclass

import numpy as np

from datasets.errors import InputError
from datasets.vectors import exact
from embedding.categories.confidence import Confidence, evidence, learned, purities
from embedding.categories.linkage import Tree, average_linkage
from embedding.categories.neighborhood import NONE, means, neighborhood, sizes, unit_rows
from embedding.categories.proposals import Method, tidy
from embedding.evaluation import metrics

_DRAWS = 5
_LARGEST_DRAW = 10_000  # images: beyond, a draw costs time and teaches nothing new
_HEIGHTS = 100  # tried


@dataclass(frozen=True)
class Known:
    """Known classes: unit rows (N, D) float32 and labels (N,) int64, and what follows from them.

    classes : (C,) int64, the labels that there are
    centers : (C, D) float32, the mean of each class at unit length
    """

    rows: np.ndarray
    labels: np.ndarray
    classes: np.ndarray
    centers: np.ndarray

    def mark(self, rows: np.ndarray, floor: float) -> np.ndarray:
        """(N,) int64: the class whose centre is nearest to each unit row, -1 where the cosine is below ``floor``."""
        nearest, cosines = exact.search(rows, self.centers, 1, metric="inner_product")
        return np.where(cosines[:, 0] >= floor, self.classes[nearest[:, 0]], NONE)


def known_classes(vectors: np.ndarray, labels: np.ndarray) -> Known:
    """The known classes of vectors (N, D); raises InputError where there are fewer than two."""
    rows, (classes, numbers) = unit_rows(vectors), np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise InputError(f"{len(classes)} known class(es): to learn what tells classes apart takes at least two")
    return Known(rows, labels, classes, unit_rows(means(rows, numbers)))


def floor_of(known: Known, *, mistaken: float = 0.05) -> tuple[float, float]:
    """The cosine from which on an image is taken for one of the known classes, and the share of these so found.

    mistaken : the share of new images that may be taken for known ones; learned on the known images themselves, each
        shown to all classes but its own
    The share found is that of images which the centre of their class, made without them, would claim.
    """
    number = np.searchsorted(known.classes, known.labels)
    nearest, cosines = exact.search(known.rows, known.centers, 2, metric="inner_product")
    others = np.where(nearest[:, 0] == number, cosines[:, 1], cosines[:, 0])
    floor = float(np.quantile(others, 1 - mistaken))
    counts = sizes(number)
    sums = means(known.rows, number) * counts[:, None]
    without = unit_rows(sums[number] - known.rows)
    own = np.einsum("nd,nd->n", without, known.rows)
    found = (own >= np.maximum(others, floor)) & (counts[number] > 1)
    return floor, float(found.mean())


def draws(known: Known, count: int, *, seed: int = 0) -> list[np.ndarray]:
    """Rows of whole classes, drawn five times at random, about ``count`` images each, and at least two classes.

    The more images share the sphere, the nearer are strangers: what holds among as many images as are to be clustered
    is learned among as many. Where there are no more than ``count``, all of them are the only draw.
    """
    count = min(count, _LARGEST_DRAW)
    if len(known.rows) <= count or len(known.classes) == 2:
        return [np.arange(len(known.rows))]
    rng = np.random.default_rng((seed, 1))
    counts = sizes(np.searchsorted(known.classes, known.labels))
    drawn = []
    for _ in range(_DRAWS):
        order = rng.permutation(len(known.classes))
        enough = max(2, int(np.searchsorted(np.cumsum(counts[order]), count)) + 1)
        drawn.append(np.flatnonzero(np.isin(known.labels, known.classes[order[:enough]])))
    return drawn


def reach_of(known: Known, drawn: list[np.ndarray]) -> float:
    """The height up to which average linkage groups the known classes best: the mean of the best of each draw."""
    return float(np.mean([_best_height(average_linkage(known.rows[rows]), known.labels[rows]) for rows in drawn]))


def _best_height(tree: Tree, labels: np.ndarray) -> float:
    """The height with the highest pairwise F1; the middle of them where several have it."""
    heights = np.linspace(0, float(tree.heights.max(initial=0)), _HEIGHTS)
    values = np.array([metrics.pairwise_f1(labels, tree.cut(height)) for height in heights])
    return float(heights[values >= values.max() - 1e-9].mean())


def confidence_of(known: Known, drawn: list[np.ndarray], method: Method, *, min_size: int) -> Confidence:
    """The confidence that fits the purity of clusters of the known classes, each draw clustered as new images are."""
    seen, truth = [], []
    for rows in drawn:
        near, labels = neighborhood(known.rows[rows]), known.labels[rows]
        clusters = tidy(near, method(near, len(np.unique(labels))), min_size=min_size)
        seen.append(evidence(near, clusters))
        truth.append(purities(labels, clusters))
    return learned(np.concatenate(seen), np.concatenate(truth))
