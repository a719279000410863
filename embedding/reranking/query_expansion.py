"""Query expansion: the query and the first that it finds, together, ask again."""

import numpy as np

from datasets.vectors import rows
from embedding.reranking import graph


def expand(
    queries: np.ndarray,
    gallery: np.ndarray,
    *,
    count: int = 10,
    alpha: float = 0.0,
    exclude: graph.Excluded | None = None,
) -> np.ndarray:
    """New queries (Q, D) float32: unit rows along the query and the sum of its ``count`` nearest.

    queries (Q, D), gallery (G, D) : float32 unit rows
    alpha : each of the nearest weighs its similarity to this power. 0 is the plain average (Chum et al., ICCV 2007); 3,
        with a count of 50, is Radenovic, Tolias, Chum, TPAMI 2019. What is not alike at all weighs nothing there
    exclude : for each query the gallery rows that it must not be expanded with: itself, other crops of its picture
    """
    neighbors, similarities = graph.nearest(queries, gallery, count, exclude=exclude)
    return combined(queries, gallery, neighbors, powers(similarities, alpha) * (neighbors >= 0))


def powers(similarities: np.ndarray, alpha: float) -> np.ndarray:
    """Weights (n, k) of neighbors: ones for alpha 0; negative similarities count as 0 otherwise."""
    return np.maximum(similarities, 0, dtype=np.float32) ** np.float32(alpha)


def combined(vectors: np.ndarray, gallery: np.ndarray, neighbors: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Unit rows (n, D) along each vector and the weighted sum of its neighbors.

    vectors (n, D), gallery (G, D) float32; neighbors (n, k) int64, which may name anything where weights (n, k) are 0
    """
    sums = np.array(vectors, np.float32)
    for column in range(neighbors.shape[1] if len(gallery) else 0):
        sums += weights[:, column, None] * gallery[neighbors[:, column]]
    return rows.prepared(sums, "angular")
