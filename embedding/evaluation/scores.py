"""Scores of embeddings: recall@k, MAP@R and R-precision from one exact search, NMI from k-means; or of pairs."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from datasets import relevance
from datasets.errors import InputError
from datasets.images.base import Pairs
from datasets.vectors import exact
from datasets.vectors.base import Embeddings, VectorSet
from embedding.evaluation import cameras, metrics
from embedding.evaluation.cluster import kmeans
from embedding.evaluation.verification import verification_scores

KS = (1, 2, 4, 8, 16)

# Neighbors held at once: 4,096 queries with 1,024 each, which keeps a block well below 200 MB.
_BLOCK_NEIGHBORS = 2**22

# Up to here, searching for more neighbors takes hardly longer; a thousand take twice as long as these.
_FEW = 32
# The share of queries that find nothing among the first few from which on searching twice takes longer than once for
# all.
_MANY_LOST = 0.3


def evaluate(
    queries: Embeddings,
    gallery: Embeddings | None,
    *,
    ks: Sequence[int] = KS,
    metric: str = "euclidean",
    nmi: bool = True,
    seed: int = 0,
) -> dict[str, float]:
    """{name: score between 0 and 1}: recall@k for each of ``ks``, map@r, r-precision and, where asked for, nmi.

    gallery : what the queries are searched in; None is leave-one-out, every query in all the others
    metric : euclidean, inner_product or angular
    seed : of the k-means behind nmi, which makes as many clusters as there are classes, of the queries in
        leave-one-out and of queries and gallery together otherwise

    A query that is in the gallery too, under the same path, does not find itself there.
    A gallery item is relevant where it has the query's label. Where the embeddings have cameras, those of the query's
    own camera are dropped from its ranking, and "map" is the mean average precision over the whole of it.
    Queries with no relevant item are left out of the retrieval scores; where there are any, "queries left out" tells
    how many.
    Raises InputError where a vector is not finite, the dimensions differ or only one side has cameras.
    """
    among = queries if gallery is None else gallery
    _check(queries, among)
    itself = np.arange(len(queries)) if gallery is None else exact.own_rows(queries.paths, gallery.paths)
    whole = queries.cameras is not None
    relevant = cameras.count_relevant(queries, among) if whole else _count_relevant(queries, among, itself)
    names = [*(f"recall@{k}" for k in ks), "map@r", "r-precision", *(["map"] if whole else [])]
    values = np.zeros((len(queries), len(names)))
    k = max(*ks, int(relevant.max()))
    hits_of = (
        cameras.hits(queries, among, metric, width=k) if whole else _hits(queries, among, metric, k, relevant, itself)
    )
    for rows, hits in hits_of:
        values[rows, : len(ks)] = metrics.recall_at_k(hits, ks)
        values[rows, len(ks)] = metrics.average_precision_at_r(hits, relevant[rows])
        values[rows, len(ks) + 1] = metrics.r_precision(hits, relevant[rows])
        if whole:
            values[rows, len(ks) + 2] = metrics.average_precision(hits, relevant[rows])
    scores = dict(zip(names, metrics.mean(values, relevant).tolist(), strict=True))
    if nmi:
        scores["nmi"] = _nmi(queries, among, itself, seed)
    left_out = int((relevant == 0).sum())
    return scores | {"queries left out": float(left_out)} if left_out else scores


def evaluate_set(vectors: VectorSet, *, ks: Sequence[int] = KS, nmi: bool = True, seed: int = 0) -> dict[str, float]:
    """``evaluate`` of the queries and the gallery of a labelled VectorSet, under its own metric.

    Of a set with pairs it is ``evaluate_pairs``, of one whose galleries are drawn ``evaluate_drawn``.
    """
    if vectors.pairs is not None:
        return evaluate_pairs(vectors.gallery_embeddings, vectors.pairs, metric=vectors.metric)
    if number := int(vectors.attrs.get("draws", 0)):
        how = {"ks": ks, "metric": vectors.metric, "nmi": nmi, "seed": seed}
        return evaluate_drawn(vectors.query_embeddings, number, **how)
    gallery = None if vectors.leave_one_out else vectors.gallery_embeddings
    return evaluate(vectors.query_embeddings, gallery, ks=ks, metric=vectors.metric, nmi=nmi, seed=seed)


def evaluate_drawn(
    images: Embeddings,
    number: int,
    *,
    ks: Sequence[int] = KS,
    metric: str = "euclidean",
    nmi: bool = True,
    seed: int = 0,
) -> dict[str, float]:
    """The means of ``evaluate`` over so many draws of one image a class as gallery, which all others ask.

    "map" is of whole rankings, in which a query has one image to find. What is clustered for nmi are all ``images``.
    """
    rngs = [np.random.default_rng((seed, draw)) for draw in range(number)]
    found = [evaluate(*drawn(images, rng), ks=ks, metric=metric, nmi=False) for rng in rngs]
    scores = {name: float(np.mean([one[name] for one in found])) for name in found[0]}
    return scores | ({"nmi": _nmi(images, images, np.arange(len(images)), seed)} if nmi else {})


def drawn(images: Embeddings, rng: np.random.Generator) -> tuple[Embeddings, Embeddings]:
    """The images that ask, and the gallery: one image of each class, drawn at random, the protocol of VehicleID.

    As in a set of two cameras: the gallery is by another one than all queries, so that nothing is dropped from a
    ranking and the whole of it is judged. Raises InputError where every class has one image, so that none is left.
    """
    order = rng.permutation(len(images))
    _, first = np.unique(images.labels[order], return_index=True)
    gallery = np.sort(order[first])
    asking = np.setdiff1d(np.arange(len(images)), gallery)
    parts = (images.take(asking), images.take(gallery))
    return tuple(replace(part, cameras=np.full(len(part), camera)) for camera, part in enumerate(parts))


def evaluate_pairs(images: Embeddings, pairs: Pairs, *, metric: str = "euclidean") -> dict[str, float]:
    """{name: score} of telling ``pairs`` of the same class from others by their distance: ``verification_scores``.

    Raises InputError where a vector is not finite.
    """
    _check(images, images)
    first, second = images.vectors[pairs.rows[:, 0]], pairs.rows[:, 1:]
    distances = exact.between(first, images.vectors, second, metric=metric)[:, 0]
    return verification_scores(-distances if metric == "inner_product" else distances, pairs.same, pairs.folds)


def _hits(
    queries: Embeddings, gallery: Embeddings, metric: str, k: int, relevant: np.ndarray, itself: np.ndarray
) -> Iterator[tuple[slice, np.ndarray]]:
    """(rows of the queries, their hits (n, k) bool) block after block.

    Of a query that finds something among the first ``few``, which is all that R-precision and MAP@R look at, the hits
    after those are left False: recall@k asks for the first alone. Where most queries do, few search for k, which is
    what takes the time.
    """
    few = k if k <= _FEW else min(k, max(_FEW, int(relevant.max())))
    block = int(np.clip(_BLOCK_NEIGHBORS // k, 64, 4096))
    for start in range(0, len(queries), block):
        rows = np.arange(start, min(start + block, len(queries)))
        hits = np.zeros((len(rows), k), dtype=bool)
        hits[:, :few] = _hits_of(rows, queries, gallery, metric, few, itself)
        lost = ~hits.any(axis=1) & (relevant[rows] > 0)
        if few < k and lost.any():
            hits[lost] = _hits_of(rows[lost], queries, gallery, metric, k, itself)
            if lost.mean() > _MANY_LOST:
                few = k
        yield slice(start, start + len(rows)), hits


def _hits_of(
    rows: np.ndarray, queries: Embeddings, gallery: Embeddings, metric: str, k: int, itself: np.ndarray
) -> np.ndarray:
    """The hits (n, k) bool of some rows of the queries."""
    neighbors, _ = exact.search(queries.vectors[rows], gallery.vectors, k, metric=metric, exclude=itself[rows])
    return relevance.hits(neighbors, queries.labels[rows], gallery.labels)


def _count_relevant(queries: Embeddings, gallery: Embeddings, itself: np.ndarray) -> np.ndarray:
    """(Q,) how many gallery items have the query's label, itself not counted."""
    ordered = np.sort(gallery.labels)
    first, last = (np.searchsorted(ordered, queries.labels, side=side) for side in ("left", "right"))
    return last - first - (itself >= 0)


def _nmi(queries: Embeddings, gallery: Embeddings, itself: np.ndarray, seed: int) -> float:
    others = np.setdiff1d(np.arange(len(gallery)), itself)  # an image that is both counts once
    vectors = np.concatenate([queries.vectors, gallery.vectors[others]])
    labels = np.concatenate([queries.labels, gallery.labels[others]])
    return metrics.nmi(labels, kmeans(vectors, len(np.unique(labels)), seed=seed))


def _check(queries: Embeddings, gallery: Embeddings) -> None:
    if not len(queries) or not len(gallery):
        raise InputError(f"nothing to evaluate: {len(queries)} queries, {len(gallery)} images in the gallery")
    if queries.vectors.shape[1] != gallery.vectors.shape[1]:
        sizes = f"{queries.vectors.shape[1]} dimensions, those of the gallery {gallery.vectors.shape[1]}"
        raise InputError(f"embeddings of the queries have {sizes}: extract both with the same network")
    if queries.labels.ndim == 2:
        raise InputError("images with several labels are not scored as embeddings: make codes of them (train_hash.py)")
    if (queries.cameras is None) != (gallery.cameras is None):
        raise InputError("only the queries or only the gallery have cameras: give both, or none")
    for embeddings in (queries, gallery):
        broken = np.flatnonzero(~np.isfinite(embeddings.vectors).all(axis=1))
        if len(broken):
            raise InputError(
                f"{len(broken)} of {len(embeddings)} embeddings hold NaN or infinity, the first is that of"
                f" {embeddings.paths[broken[0]]}: the training diverged or the vectors file is damaged"
            )
