"""Sampled: mining where there are too many images to group all of them: some are grouped, the others join groups."""

from dataclasses import replace

import numpy as np

from datasets.vectors import exact
from embedding.categories.known import Known
from embedding.categories.mine import Mined, Wish, mine
from embedding.categories.neighborhood import NONE, means, unit_rows
from embedding.categories.proposals import Proposals

_FARTHEST = 0.05  # the share of a group's own images that may be farther from its mean than what joins it
_BLOCK = 10_000  # rows that are compared at once


def mine_some(vectors: np.ndarray, known: Known | None, wish: Wish, *, most: int) -> Mined:
    """As ``mine`` for vectors (N, D), of which no more than ``most``, drawn by the wish's seed, are grouped.

    Grouping takes time by the square of the images, this by their number. An image that was not drawn joins the group,
    or the known class, whose mean is nearest to it, where it is as near as the drawn images of that group are, but for
    the farthest twentieth of them; else it is noise. A class of which few images are drawn is not found: it is later,
    when what was found is sorted and no more in the way.
    """
    if len(vectors) <= most:
        return mine(vectors, known, wish)
    drawn = np.sort(np.random.default_rng((wish.seed, len(vectors))).choice(len(vectors), most, replace=False))
    found = mine(vectors[drawn], known, wish)
    told = f"{most:,} of {len(vectors):,} images, drawn at random, were grouped; the others joined these groups"
    return Mined(_joined(vectors, drawn, found.proposals), (*found.facts, told))


def _joined(vectors: np.ndarray, drawn: np.ndarray, small: Proposals) -> Proposals:
    """The proposals of all, by those of the rows ``drawn``."""
    count = len(small.confidences)
    marks = np.unique(small.known[small.known != NONE])
    groups = np.where(small.known != NONE, count + np.searchsorted(marks, small.known), small.clusters)
    near, likeness = _nearest(vectors, unit_rows(vectors[drawn]), groups)
    near[drawn] = groups
    likeness[drawn] = small.likeness
    is_known = near >= count
    known = np.full(len(vectors), NONE)
    known[is_known] = marks[near[is_known] - count]
    likeness[(near == NONE) | is_known] = 0
    return replace(small, clusters=np.where(is_known, NONE, near), known=known, likeness=likeness)


def _nearest(vectors: np.ndarray, rows: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The group that each of the vectors (N, D) joins, -1 for none, and the cosine to its mean.

    rows (n, D), unit rows of the groups (n,)
    """
    joined, likeness = np.full(len(vectors), NONE), np.zeros(len(vectors), np.float32)
    if not (groups != NONE).any():
        return joined, likeness
    centers = unit_rows(means(rows, groups))
    floors = _floors(rows, groups, len(centers))
    for first in range(0, len(vectors), _BLOCK):
        part = slice(first, first + _BLOCK)
        nearest, cosines = exact.search(unit_rows(vectors[part]), centers, 1, metric="inner_product")
        likeness[part] = cosines[:, 0]
        joined[part] = np.where(cosines[:, 0] >= floors[nearest[:, 0]], nearest[:, 0], NONE)
    return joined, likeness


def _floors(rows: np.ndarray, groups: np.ndarray, count: int) -> np.ndarray:
    """(C,) the cosine that all but a twentieth of each group have to the mean of its others, as a newcomer has."""
    there = np.flatnonzero(groups != NONE)
    its, counts = groups[there], np.bincount(groups[groups != NONE], minlength=count)
    sums = means(rows, groups) * counts[:, None].astype(np.float32)
    own = np.einsum("nd,nd->n", rows[there], unit_rows(sums[its] - rows[there]))
    order = np.lexsort((own, its))
    starts = np.cumsum(counts) - counts
    floors = np.full(count, np.inf, np.float32)
    some = counts > 0
    floors[some] = own[order][starts[some] + (_FARTHEST * counts[some]).astype(np.int64)]
    return floors
