"""k-means clusters of embeddings."""

import faiss
import numpy as np

# From here on, where the means start makes no difference to the result, and finding good places takes as long as
# all the rest.
_MANY_CLUSTERS = 1000


def kmeans(vectors: np.ndarray, k: int, *, seed: int = 0, iterations: int = 25) -> np.ndarray:
    """clusters (N,) int64, from 0 to k - 1, of vectors (N, D) float32 by Lloyd's algorithm.

    All rows take part, in the Euclidean distance of the vectors as they are (so give unit rows where only the angle
    counts). The means start at rows far from each other (AFK-MC2, Bachem et al., NIPS 2016), or at random rows where
    there are 1,000 clusters and more. With as many clusters as rows, or more, every row is its own cluster. The same
    seed gives the same clusters.
    """
    count, dimension = vectors.shape
    if k >= count:
        return np.arange(count)
    means = faiss.Kmeans(
        dimension,
        k,
        niter=iterations,
        seed=seed,
        init_method=faiss.ClusteringInitMethod_RANDOM if k >= _MANY_CLUSTERS else faiss.ClusteringInitMethod_AFK_MC2,
        min_points_per_centroid=1,  # faiss warns below 39,
        max_points_per_centroid=count // k + 1,  # and trains on a sample above 256
    )
    vectors = np.ascontiguousarray(vectors, np.float32)
    means.train(vectors)
    _, nearest = means.index.search(vectors, 1)
    return nearest[:, 0]
