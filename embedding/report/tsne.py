"""t-SNE: places on a map where images with near embeddings lie together (van der Maaten and Hinton, JMLR 2008)."""

import logging

import numpy as np
from openTSNE import TSNE
from openTSNE.affinity import PerplexityBasedNN
from openTSNE.nearest_neighbors import PrecomputedNeighbors

from datasets.vectors import exact

PERPLEXITY = 30.0

logging.getLogger("openTSNE").setLevel(logging.WARNING)  # it would announce its choices in the log of every run


def tsne(vectors: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Places (N, 2) float64 of vectors (N, D) float32, by their Euclidean distances; the same for the same seed."""
    count = len(vectors)
    start = _principal_components(vectors, seed)
    if count < 4:
        return start
    perplexity = min(PERPLEXITY, (count - 1) / 3)
    nearest = exact.search(vectors, vectors, int(3 * perplexity), exclude=np.arange(count))
    # One thread: beside another busy process, waiting for each other costs two threads ten times as long.
    affinities = PerplexityBasedNN(perplexity=perplexity, knn_index=PrecomputedNeighbors(*nearest), n_jobs=1)
    fitted = TSNE(n_jobs=1, random_state=seed).fit(affinities=affinities, initialization=start)
    return np.asarray(fitted, np.float64)


def sample_by_class(labels: np.ndarray, limit: int, *, seed: int = 0) -> np.ndarray:
    """At most ``limit`` rows of labels (N,), ascending: alike many of every class.

    Where that would be fewer than eight, eight of as many classes as fit, drawn at random: a map shows by its
    clusters, and two images are none.
    """
    if len(labels) <= limit:
        return np.arange(len(labels))
    rng = np.random.default_rng(seed)
    classes = rng.permutation(np.unique(labels))
    each = max(8, limit // len(classes))
    rows = [rng.permutation(np.flatnonzero(labels == label))[:each] for label in classes[:limit]]
    return np.sort(np.concatenate(rows)[:limit])


def _principal_components(vectors: np.ndarray, seed: int) -> np.ndarray:
    """(N, 2): the first two, scaled to 1e-4 as t-SNE should start, and shaken so that duplicates can part."""
    centred = vectors.astype(np.float64) - vectors.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)  # ascending
    places = np.zeros((len(vectors), 2))
    width = min(2, centred.shape[1])
    places[:, :width] = centred @ axes[:, ::-1][:, :width]
    spread = places[:, 0].std() or 1.0
    return 1e-4 * (places / spread + 0.01 * np.random.default_rng(seed).normal(size=places.shape))
