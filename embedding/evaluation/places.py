"""Places: the compiled loops behind ``Ranking``, which count what comes before a picture in place of sorting all.

An inner product in single precision depends on the block in which it is computed, by its last bits, and so would
places. So a score here is the sum in double precision, in one order; the product of a block only tells where that sum
must be looked at: where it is nearer to a wanted score than rounding can reach.
"""

import numpy as np

from datasets.compiled import compiled

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray]
Vectors = Arrays

CELLS = 1024  # of a query: which wanted scores an item must be compared with


@compiled
def inner(left: np.ndarray, right: np.ndarray) -> float:
    """The inner product of two float32 vectors (D,), summed in double precision and always in this order."""
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    whole = len(left) // 4 * 4
    for i in range(0, whole, 4):
        a += float(left[i]) * float(right[i])
        b += float(left[i + 1]) * float(right[i + 1])
        c += float(left[i + 2]) * float(right[i + 2])
        d += float(left[i + 3]) * float(right[i + 3])
    for i in range(whole, len(left)):
        a += float(left[i]) * float(right[i])
    return (a + b) + (c + d)


@compiled
def inners(queries: np.ndarray, asks: np.ndarray, rows: np.ndarray, found: np.ndarray) -> None:
    """Fill ``found`` (n,): the product of query ``asks[i]`` of ``queries`` (Q, D) and row i of ``rows`` (n, D)."""
    for i in range(len(rows)):
        found[i] = inner(queries[asks[i]], rows[i])


def laid_out(wanted: np.ndarray, rows: np.ndarray, starts: np.ndarray) -> Arrays:
    """Tops and scales (Q,) float64 and cells (Q, CELLS + 1) int32: see ``lay_out``; ``rows`` are not looked at."""
    count = len(starts) - 1
    grid = np.zeros(count), np.zeros(count), np.zeros((count, CELLS + 1), np.int32)
    lay_out(wanted, starts, *grid)
    return grid


@compiled
def lay_out(wanted: np.ndarray, starts: np.ndarray, tops: np.ndarray, scales: np.ndarray, cells: np.ndarray) -> None:
    """Fill, for each query, what tells in which of its cells a score lies, and where the cell's wanted scores begin.

    wanted : (W,) scores, those of query i from ``starts[i]`` to ``starts[i + 1]``, best first
    tops, scales : (Q,); cells : (Q, CELLS + 1) int32, counted from the query's first wanted score
    """
    for i in range(len(tops)):
        first, last = starts[i], starts[i + 1]
        cells[i] = 0
        if first == last:
            continue
        tops[i] = wanted[first]
        span = wanted[first] - wanted[last - 1]
        scales[i] = (CELLS - 1) / span if span > 0 else 0.0
        for place in range(first, last):
            cells[i, cell(wanted[place], tops[i], scales[i]) + 1] += 1
        for place in range(CELLS):
            cells[i, place + 1] += cells[i, place]


@compiled
def cell(score: float, top: float, scale: float) -> int:
    """The cell of a score: of a lower score it is never a smaller one."""
    below = (top - score) * scale
    return int(min(below, CELLS - 1.0)) if below > 0 else 0


@compiled
def before(score: float, row: int, wanted: np.ndarray, rows: np.ndarray, low: int, high: int) -> int:
    """From ``low`` to ``high``: where among ``wanted`` scores of gallery rows, best first, an item would come in."""
    while low < high:
        middle = (low + high) // 2
        if wanted[middle] > score or (wanted[middle] == score and rows[middle] < row):
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def count(
    scores: np.ndarray,
    start: int,
    vectors: Vectors,
    asked: Arrays,
    grid: Arrays,
    counts: np.ndarray,
    low: int,
    high: int,
) -> None:
    """Add to ``counts`` (W,), for queries ``low`` to ``high``, before which wanted score each item would come in.

    scores : (Q, B) of the items ``start``, ``start`` + 1, ... of the gallery
    vectors : queries (Q, D), the items (B, D), and windows (Q,): how far a score may be from that of the vectors; 0
        where it is right, and the vectors are not looked at
    asked : wanted (W,), their gallery rows (W,), and starts (Q + 1,), as for ``lay_out``, of equal ones the lower row
        first
    grid : tops, scales and cells of ``lay_out``
    """
    queries, items, windows = vectors
    wanted, rows, starts = asked
    tops, scales, cells = grid
    for i in range(low, high):
        first, last, window = starts[i], starts[i + 1], windows[i]
        if first == last:
            continue
        least = wanted[last - 1] - window
        for j in range(scores.shape[1]):
            score = float(scores[i, j])
            if score < least:
                continue
            place = _place(score, start + j, first, wanted, rows, tops[i], scales[i], cells[i])
            if window > 0 and (
                (place > first and wanted[place - 1] - score <= window)
                or (place < last and score - wanted[place] <= window)
            ):
                score = inner(queries[i], items[j])
                place = _place(score, start + j, first, wanted, rows, tops[i], scales[i], cells[i])
            if place < last:
                counts[place] += 1


@compiled
def _place(
    score: float,
    row: int,
    first: int,
    wanted: np.ndarray,
    rows: np.ndarray,
    top: float,
    scale: float,
    cells: np.ndarray,
) -> int:
    """Before which wanted score an item would come in, of those of one query."""
    here = cell(score, top, scale)
    return before(score, row, wanted, rows, first + cells[here], first + cells[here + 1])
