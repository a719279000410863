"""New categories: clusters of images that are proposed as classes, surest first; the rest is noise or known."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from embedding.categories.confidence import Confidence, evidence, plain
from embedding.categories.density import dense
from embedding.categories.linkage import average_linkage
from embedding.categories.neighborhood import NONE, Neighborhood, means, neighborhood, sizes, staying, unit_rows
from embedding.evaluation import metrics
from embedding.evaluation.cluster import kmeans

# Gives clusters (N,), -1 for noise. The number is that of the classes, for a method that wants to know it.
Method = Callable[[Neighborhood, int], np.ndarray]


@dataclass(frozen=True)
class Proposals:
    """What N images are taken for.

    clusters : (N,) int64, 0 is the cluster of the highest confidence, -1 none
    known : (N,) int64, the label of the known class that an image is taken for, -1 none
    confidences : (C,) float64, 0 to 1
    likeness : (N,) float32, the cosine between an image and the mean of its cluster, 0 where it has none
    """

    clusters: np.ndarray
    known: np.ndarray
    confidences: np.ndarray
    likeness: np.ndarray

    @property
    def noise(self) -> np.ndarray:
        """(N,) bool: neither in a cluster nor of a known class."""
        return (self.clusters == NONE) & (self.known == NONE)

    @property
    def sizes(self) -> np.ndarray:
        """(C,) images of each cluster."""
        return sizes(self.clusters)

    @property
    def summary(self) -> str:
        """How many there are of what, in one line."""
        counts = len(self.confidences), int(self.sizes.sum()), int((self.known >= 0).sum()), int(self.noise.sum())
        return "{:,} clusters of {:,} images; {:,} images of known classes, {:,} noise".format(*counts)

    @property
    def groups(self) -> np.ndarray:
        """(N,) int64, the grouping to judge: clusters, known classes, and every noise image alone."""
        groups = np.where(self.known >= 0, len(self.confidences) + self.known, self.clusters)
        alone = self.noise
        groups[alone] = groups.max(initial=NONE) + 1 + np.arange(alone.sum())
        return groups


def linked(reach: float) -> Method:
    """Average linkage up to the height ``reach``; noise is what has found no company until there."""
    return lambda near, _: average_linkage(near.rows, stop=reach).cut(reach)


def counted(*, seed: int = 0, min_size: int = 2) -> Method:
    """As many clusters as there are classes: k-means that starts at the largest clusters of average linkage."""

    def cluster(near: Neighborhood, k: int) -> np.ndarray:
        linkage = average_linkage(near.rows).cut_to(k, min_size=min_size)
        largest = np.argsort(-sizes(linkage), kind="stable")[:k]
        start = unit_rows(means(near.rows, linkage)[largest])
        return kmeans(near.rows, k, seed=seed, start=start)

    return cluster


def regions(*, min_size: int) -> Method:
    """The dense regions of ``min_size`` images and more."""
    return lambda near, _: dense(near, min_size=min_size)


def propose(
    rows: np.ndarray,
    method: Method,
    *,
    k: int = 0,
    min_size: int = 3,
    confidence: Confidence = plain,
    known: np.ndarray | None = None,
) -> Proposals:
    """Proposals for unit rows (N, D) float32.

    k : the number of classes, for a method that wants to know it
    min_size : smaller clusters are noise, as is an image with none of its nearest others in its cluster
    known : (N,) int64, the labels of images that are known and take no part, -1 for all others
    """
    known = np.full(len(rows), NONE) if known is None else known
    free = np.flatnonzero(known == NONE)
    clusters, likeness = np.full(len(rows), NONE), np.zeros(len(rows), np.float32)
    if not len(free):
        return Proposals(clusters, known, np.zeros(0), likeness)
    near = neighborhood(rows[free])
    found = tidy(near, method(near, k), min_size=min_size)
    values = confidence(evidence(near, found))
    order = np.argsort(-values, kind="stable")
    found = np.append(np.argsort(order), NONE)[found]  # the last is for -1
    there = found >= 0
    clusters[free] = found
    centers = unit_rows(means(near.rows, found))
    likeness[free[there]] = np.einsum("nd,nd->n", near.rows[there], centers[found[there]])
    return Proposals(clusters, known, values[order], likeness)


def tidy(near: Neighborhood, clusters: np.ndarray, *, min_size: int) -> np.ndarray:
    """The clusters (N,) without what is noise, numbered anew from 0 on."""
    clusters = np.where(staying(near.neighbors, clusters) > 0, clusters, NONE)
    small = np.append(sizes(clusters) < min_size, True)  # the last is for -1
    clusters = np.where(small[clusters], NONE, clusters)
    there = clusters >= 0
    clusters[there] = np.unique(clusters[there], return_inverse=True)[1]
    return clusters


def scores(labels: np.ndarray, groups: np.ndarray) -> dict[str, float]:
    """{name: score} of a grouping (N,) by the true labels (N,)."""
    return {"nmi": metrics.nmi(labels, groups), "pairwise f1": metrics.pairwise_f1(labels, groups)}
