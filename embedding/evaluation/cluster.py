"""k-means clusters of embeddings."""

import faiss
import numpy as np

# From here on, where the means start makes no difference to the result, and finding good places takes as long as
# all the rest.
_MANY_CLUSTERS = 1000


def kmeans(
    vectors: np.ndarray, k: int, *, seed: int = 0, iterations: int = 25, start: np.ndarray | None = None
) -> np.ndarray:
    """clusters (N,) int64, from 0 to k - 1, of vectors (N, D) float32 by Lloyd's algorithm.

    All rows take part, in the Euclidean distance of the vectors as they are (so give unit rows where only the angle
    counts). The means start at rows far from each other (AFK-MC2, Bachem et al., NIPS 2016), or at random rows where
    there are 1,000 clusters and more, or at ``start`` (k, D) float32 where it is given. With as many clusters as rows,
    or more, every row is its own cluster. The same seed gives the same clusters.
    """
    count, dimension = vectors.shape
    if k >= count:
        return np.arange(count)
    vectors = np.ascontiguousarray(vectors, np.float32)
    if k >= _MANY_CLUSTERS:
        if start is None:
            start = vectors[np.random.default_rng(seed).choice(count, k, replace=False)]
        return _lloyd(vectors, np.ascontiguousarray(start, np.float32), iterations)
    means = faiss.Kmeans(
        dimension,
        k,
        niter=iterations,
        seed=seed,
        init_method=faiss.ClusteringInitMethod_AFK_MC2,
        min_points_per_centroid=1,  # faiss warns below 39,
        max_points_per_centroid=count // k + 1,  # and trains on a sample above 256
    )
    means.train(vectors, init_centroids=start)
    _, nearest = means.index.search(vectors, 1)
    return nearest[:, 0]


def _lloyd(vectors: np.ndarray, means: np.ndarray, iterations: int) -> np.ndarray:
    """The nearest mean (N,) int64 of each row, after so many iterations or as soon as no mean moves.

    Of many small clusters most stand still after two or three iterations. A row whose own mean has not gone away from
    it can only have come nearer to a mean that moved, so that it is compared with those alone (Kaukoranta, Franti,
    Nevalainen, IEEE Transactions on Image Processing 2000). A cluster that has lost all its rows keeps its mean.
    """
    distance, nearest = _nearest(vectors, means)
    for _ in range(iterations):
        before, means = means, _averages(vectors, nearest, means)
        has_moved = (means != before).any(axis=1)
        moved = np.flatnonzero(has_moved)
        if not len(moved):
            break
        own = np.square(vectors - means[nearest]).sum(axis=1)
        away = has_moved[nearest] & (own > distance)
        distance = own
        distance[away], nearest[away] = _nearest(vectors[away], means)
        others = np.flatnonzero(~away)
        moved_distance, moved_nearest = _nearest(vectors[others], means[moved])
        nearer = moved_distance < distance[others]
        rows = others[nearer]
        distance[rows], nearest[rows] = moved_distance[nearer], moved[moved_nearest[nearer]]
    return nearest


def _nearest(vectors: np.ndarray, means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Squared distance (N,) to the nearest mean, and which it is."""
    distance, nearest = faiss.knn(vectors, means, 1)
    return distance[:, 0], nearest[:, 0]


def _averages(vectors: np.ndarray, clusters: np.ndarray, means: np.ndarray) -> np.ndarray:
    """The mean (k, D) of the rows of each cluster; of one without rows what it was in ``means``."""
    sizes = np.bincount(clusters, minlength=len(means))
    filled = np.flatnonzero(sizes)
    starts = np.cumsum(sizes[filled]) - sizes[filled]
    sums = np.add.reduceat(vectors[np.argsort(clusters, kind="stable")], starts, axis=0)
    averages = means.copy()
    averages[filled] = sums / sizes[filled, None]
    return averages
