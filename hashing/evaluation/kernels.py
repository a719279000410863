"""Compiled loops over packed codes: distance and relevance of all items to a query, their counts, hits in their order.

cells (G,) uint16 : of each gallery item twice its distance, and 1 more where it is relevant
"""

from typing import NamedTuple

import numpy as np

from datasets.compiled import compiled, popcount

_TILE = 16384  # items at a time: their cells stay in the fastest cache


class LabelledCodes(NamedTuple):
    """Queries and the gallery, as the loops take them.

    query_codes (Q, W), gallery_codes (W, G) : uint64, the bits of the codes in whole words, zeros behind the last
    query_labels (Q, V), gallery_labels (V, G) : uint64, one word, the class; or a bit a concept
    classes : whether the labels are classes
    own : (Q,) int64, the gallery item that is the query itself and is not to be found, -1 where there is none
    bits : length of the codes
    """

    query_codes: np.ndarray
    gallery_codes: np.ndarray
    query_labels: np.ndarray
    gallery_labels: np.ndarray
    classes: bool
    own: np.ndarray
    bits: int


@compiled
def compare(coded: LabelledCodes, query: int, start: int, cells: np.ndarray) -> None:
    """Fill ``cells`` of as many items from ``start`` on, for one query.

    The item that is the query itself lies beyond all others and is not relevant: its cell is 2 * (bits + 1).
    """
    for j in range(len(cells)):
        cells[j] = 0
    for v in range(len(coded.gallery_labels)):
        label, labels = coded.query_labels[query, v], coded.gallery_labels[v][start : start + len(cells)]
        if coded.classes:
            for j in range(len(cells)):
                cells[j] |= np.uint16(label == labels[j])
        else:
            for j in range(len(cells)):
                cells[j] |= np.uint16((label & labels[j]) != 0)
    for w in range(len(coded.gallery_codes)):
        code, codes = coded.query_codes[query, w], coded.gallery_codes[w][start : start + len(cells)]
        for j in range(len(cells)):
            cells[j] += np.uint16(2 * popcount(code ^ codes[j]))
    itself = coded.own[query] - start
    if 0 <= itself < len(cells):
        cells[itself] = 2 * (coded.bits + 1)


@compiled
def count(coded: LabelledCodes, items: np.ndarray, relevant: np.ndarray) -> None:
    """Add to ``items`` and ``relevant``, (Q, bits + 1), how many lie at each distance; the query itself does not."""
    room = np.empty(_TILE, np.uint16)
    # Four counts in turn: no item waits for the one before it, which often lies in the same cell.
    parts = np.zeros((4, 2 * (coded.bits + 1) + 1), np.int64)
    for start in range(0, coded.gallery_codes.shape[1], _TILE):
        cells = room[: coded.gallery_codes.shape[1] - start]
        for i in range(len(items)):
            compare(coded, i, start, cells)
            _count(cells, parts)
            for d in range(coded.bits + 1):
                hits = parts[:, 2 * d + 1].sum()
                relevant[i, d] += hits
                items[i, d] += hits + parts[:, 2 * d].sum()
            parts[:] = 0


@compiled
def _count(cells: np.ndarray, parts: np.ndarray) -> None:
    """Add each item of ``cells`` to one of the four ``parts`` (4, cells)."""
    whole = len(cells) - len(cells) % 4
    for j in range(0, whole, 4):
        parts[0, cells[j]] += 1
        parts[1, cells[j + 1]] += 1
        parts[2, cells[j + 2]] += 1
        parts[3, cells[j + 3]] += 1
    for j in range(whole, len(cells)):
        parts[0, cells[j]] += 1


@compiled
def rank_stable(
    coded: LabelledCodes, items: np.ndarray, cuts: np.ndarray, precision: np.ndarray, found: np.ndarray
) -> None:
    """``walk`` of each query's ranking by distance, those at the same one as they stand in the gallery.

    items : (Q, bits + 1) from ``count``; cuts, precision, found : (Q, C)
    """
    cells = np.empty(coded.gallery_codes.shape[1], np.uint16)
    hits = np.empty(cuts.max(), np.uint8)
    ranks = np.empty(coded.bits + 2, np.int64)  # of the next item at each distance
    for i in range(len(items)):
        longest, last, before = cuts[i].max(), 0, 0
        for d in range(coded.bits + 1):
            ranks[d] = before
            before += items[i, d]
            if ranks[d] < longest:
                last = d
        ranks[coded.bits + 1] = before  # the query itself
        compare(coded, i, 0, cells)
        near = len(cells)
        if longest < before:
            near = _filter(cells, last)
        for j in range(near):
            d = cells[j] >> 1
            rank = ranks[d]
            ranks[d] = rank + 1
            if rank < longest:
                hits[rank] = cells[j] & 1
        walk(hits[:longest], cuts[i], precision[i], found[i])  # beyond lies what was never written


@compiled
def _filter(cells: np.ndarray, last: int) -> int:
    """Move the items up to the distance ``last`` to the front, in their order, and return how many these are."""
    near = 0
    for j in range(len(cells)):  # with no branch, which could not be foreseen
        cells[near] = cells[j]
        near += cells[j] >> 1 <= last
    return near


@compiled
def walk(hits: np.ndarray, cuts: np.ndarray, precision: np.ndarray, found: np.ndarray) -> None:
    """Of one ranking, hits (K,) of 0 and 1: fill ``found`` and ``precision`` (C,), each among the first of ``cuts``.

    found : how many are hits; precision : their average precision, divided by that number; 0 without a hit
    """
    ranks = np.empty(len(hits) + 1, np.int32)
    many = 0
    for j in range(len(hits)):  # with no branch, which could not be foreseen
        ranks[many] = j + 1
        many += hits[j]
    total, k = 0.0, 0
    for c in np.argsort(cuts):
        while k < many and ranks[k] <= cuts[c]:
            total += (k + 1) / ranks[k]
            k += 1
        found[c] = k
        precision[c] = total / k if k else 0.0
