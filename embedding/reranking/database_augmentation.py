"""Database-side augmentation: every row of the gallery is replaced by itself and its neighbors together."""

import numpy as np

from embedding.reranking import graph, query_expansion


def augment(gallery: np.ndarray, *, count: int = 10, alpha: float | None = None) -> np.ndarray:
    """A new gallery (G, D) float32 of unit rows (Arandjelovic and Zisserman, CVPR 2012).

    gallery : (G, D) float32 unit rows
    count : rows that make a new one, the row itself among them; 20 in Gordo et al., IJCV 2017
    alpha : None weighs them by rank, (count - r) / count with r = 0 for the row itself (Gordo et al.); a number weighs
        each neighbor by its similarity to this power, 0 all alike

    Where queries are searched in a gallery that they are part of, they have a share in their neighbors' new rows.
    """
    neighbors, similarities = graph.others(gallery, max(1, count - 1))
    if alpha is None:
        ranks = np.arange(1, neighbors.shape[1] + 1, dtype=np.float32)
        weights = np.broadcast_to(1 - ranks / count, neighbors.shape)
    else:
        weights = query_expansion.powers(similarities, alpha) * (count > 1)
    return query_expansion.combined(gallery, gallery, neighbors, np.where(neighbors >= 0, weights, 0))
