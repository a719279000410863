"""The lookup of codes of one-hot blocks (SuBiC): a query's activations at the ones of a code, added up, order them.

M sums of a table of the query's own, (M, 256), for each code of M bytes, as product quantisers are searched. Items of
the same code are tied, and so are those whose sums are equal.
"""

from collections.abc import Sequence

import numpy as np

from datasets.relevance import relevant
from datasets.vectors.base import VectorSet
from hashing import codes
from hashing.evaluation import expected, kernels
from hashing.evaluation.rankings import Ranked


def code_bits(vectors: VectorSet) -> int:
    """The length of the codes in bits, in which a block counts as the byte that it is worth."""
    return vectors.dim if vectors.query_activations is None else vectors.dim // codes.BLOCK * 8


def sums(activations: np.ndarray, packed: np.ndarray) -> np.ndarray:
    """(Q, G) float64, the greater the nearer: activations (Q, A) added up at the ones of packed codes (G, A / 8).

    A block without a one adds nothing.
    """
    return _summed(activations, _symbols(packed))


def _symbols(packed: np.ndarray) -> np.ndarray:
    """(M, G): which unit of each block is 1 in packed codes (G, 32 M), 256 for none."""
    blocks = (codes.unpack(block) for block in np.split(packed, packed.shape[1] * 8 // codes.BLOCK, axis=1))
    return np.stack([np.where(bits.any(axis=1), bits.argmax(axis=1), codes.BLOCK) for bits in blocks])


def _summed(activations: np.ndarray, symbols: np.ndarray) -> np.ndarray:
    """``sums`` of the ``symbols`` (M, G) of codes."""
    found = np.zeros((len(activations), symbols.shape[1]))
    for block, ones in zip(np.split(activations, len(symbols), axis=1), symbols, strict=True):
        found += np.pad(block, ((0, 0), (0, 1)))[:, ones]
    return found


def rank(vectors: VectorSet, lengths: Sequence[int | None], ties: str, *, dropped: np.ndarray | None = None) -> Ranked:
    """What the queries find before rankings are cut at each of ``lengths``, None being all.

    Rankings and rules of ties are as in ``rankings.rank``; ties : one of ``rankings.TIES``
    dropped : (G,) bool, the gallery items that do not count
    """
    kept = np.ones(len(vectors.gallery), bool) if dropped is None else ~dropped
    distinct, code = np.unique(vectors.gallery, axis=0, return_inverse=True)
    code, symbols = code.ravel(), _symbols(distinct)
    there = np.full(len(vectors.queries), kept.sum())
    own = vectors.own_rows
    there -= (own >= 0) & kept[own]
    cuts = np.stack([there if length is None else np.minimum(length, there) for length in lengths], axis=1)
    found = Ranked(cuts, *(np.zeros(cuts.shape) for _ in range(3)))
    for i in range(len(cuts)):
        counted = kept.copy()
        if own[i] >= 0:
            counted[own[i]] = False
        near = _summed(vectors.query_activations[i : i + 1], symbols)[0][code[counted]]
        hit = relevant(vectors.query_labels[i], vectors.gallery_labels[counted])
        _rank(near, hit, slice(i, i + 1), found, ties)
    return found


def _rank(near: np.ndarray, hit: np.ndarray, row: slice, found: Ranked, ties: str) -> None:
    """Fill the ``row`` of a query in ``found``; near, hit (n,): sums of the items, and which are relevant."""
    precision, number, chance = found.precision[row], found.found[row], found.chance[row]
    if ties == "expected":
        _, group, items = np.unique(-near, return_inverse=True, return_counts=True)
        good = np.bincount(group, weights=hit, minlength=len(items)).astype(np.int64)
        expected.rank_expected(items[None], good[None], found.cuts[row], precision, number, chance)
        return
    order = np.argsort(-near, kind="stable" if ties == "stable" else None)
    kernels.walk(hit[order].astype(np.uint8), found.cuts[row][0], precision[0], number[0])
    chance[:] = number > 0
