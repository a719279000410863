"""Places: the compiled loops behind ``Ranking``, which count what comes before a picture in place of sorting all.

An inner product in single precision depends, by its last bits, on the block in which it is computed, and so would
places. So a score here is the sum in double precision, in one order; the product of a block only tells where that sum
must be looked at: where it is nearer to a score that matters than rounding can reach.

Three arrays go together: ``Vectors`` are queries (Q, D), items of the gallery (B, D), and windows (Q,) float64, how far
a score may be from that of the vectors; 0 where it is right, and the vectors are not looked at. ``Asked`` are scores
(W,) of wanted items, their gallery rows (W,), and starts (Q + 1,): those of query i go from ``starts[i]`` to
``starts[i + 1]``, best first, of equal ones the lower row. ``Grid`` is what ``laid_out`` makes of them.
"""

import numpy as np

from datasets.compiled import compiled

Vectors = Asked = Grid = tuple[np.ndarray, np.ndarray, np.ndarray]

_CELLS = 16, 8192  # of a query, the fewest and the most
_CELLS_EACH = 32  # wanted item, so that few cells have one in them
NOTHING = np.iinfo(np.int64).max  # the row of what is not there yet


def laid_out(asked: Asked, windows: np.ndarray) -> Grid:
    """Tops (Q,), scales (Q,) and cells (Q, C + 1): how many wanted items stand before all scores of each cell, and in
    the end how many there are.

    A cell holds a span of scores, the first all above ``tops``. Where items with such scores may come in before or
    after one that is wanted, the number is kept as -1 minus it.
    """
    wanted, _, starts = asked
    count = len(starts) - 1
    width = int(np.clip(_CELLS_EACH * np.diff(starts).max(initial=0), *_CELLS))
    grid = np.zeros(count), np.zeros(count), np.zeros((count, width + 1), np.int32)
    _lay_out(wanted, starts, windows, *grid)
    return grid


@compiled
def _lay_out(
    wanted: np.ndarray,
    starts: np.ndarray,
    windows: np.ndarray,
    tops: np.ndarray,
    scales: np.ndarray,
    cells: np.ndarray,
) -> None:
    for i in range(len(tops)):
        first, last, window = starts[i], starts[i + 1], windows[i]
        if first == last:
            continue
        tops[i] = wanted[first] + window
        span = tops[i] - (wanted[last - 1] - window)
        count = cells.shape[1] - 1
        scales[i] = (count - 2) / span if span > 0 else 0.0
        place = 0
        for c in range(count):
            while first + place < last and _cell(wanted[first + place], tops[i], scales[i], count) < c:
                place += 1
            cells[i, c] = place
        cells[i, count] = last - first
        for place in range(first, last):
            low = _cell(wanted[place] + window, tops[i], scales[i], count)
            high = _cell(wanted[place] - window, tops[i], scales[i], count)
            for c in range(low, high + 1):
                cells[i, c] = min(cells[i, c], -1 - cells[i, c])


@compiled
def _cell(score: float, top: float, scale: float, count: int) -> int:
    """The cell of a score: of a lower score it is never a smaller one."""
    if score > top:
        return 0
    return 1 + int(min((top - score) * scale, count - 2.0)) if scale > 0 else 1


@compiled
def count(
    scores: np.ndarray, start: int, vectors: Vectors, asked: Asked, grid: Grid, counts: np.ndarray, low: int, high: int
) -> None:
    """Add to ``counts`` (W,), for queries ``low`` to ``high``, before which wanted item each item would come in.

    scores : (Q, B) of the items ``start``, ``start`` + 1, ... of the gallery
    """
    queries, items, windows = vectors
    wanted, rows, starts = asked
    tops, scales, cells = grid
    for i in range(low, high):
        first, last, window = starts[i], starts[i + 1], windows[i]
        if first == last:
            continue
        least, top, scale, last_cell = wanted[last - 1] - window, tops[i], scales[i], cells.shape[1] - 1
        for j in range(scores.shape[1]):
            score = np.float64(scores[i, j])
            if score < least:
                continue
            c = _cell(score, top, scale, last_cell)
            place = first + cells[i, c]
            if place < first:
                end = cells[i, c + 1]
                low, high = first - 1 - cells[i, c], first + max(end, -1 - end)
                place = _before(score, start + j, wanted, rows, low, high)
                if window > 0 and (
                    (place > first and wanted[place - 1] - score <= window)
                    or (place < last and score - wanted[place] <= window)
                ):
                    score = inner(queries[i], items[j])
                    place = _before(score, start + j, wanted, rows, first, last)
            if place < last:
                counts[place] += 1


@compiled
def _before(score: float, row: int, wanted: np.ndarray, rows: np.ndarray, low: int, high: int) -> int:
    """Where from ``low`` to ``high`` an item would come in among ``wanted`` scores of gallery rows, best first."""
    while low < high:
        middle = (low + high) // 2
        if wanted[middle] > score or (wanted[middle] == score and rows[middle] < row):
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def keep(
    scores: np.ndarray, start: int, vectors: Vectors, best: np.ndarray, rows: np.ndarray, low: int, high: int
) -> None:
    """Keep in ``best`` (Q, k) and ``rows`` (Q, k), for queries ``low`` to ``high``, the best items and those before.

    Each row is a heap, the worst item first; before there is anything it holds minus infinity and ``NOTHING``.
    scores : as for ``count``
    """
    queries, items, windows = vectors
    for i in range(low, high):
        window = windows[i]
        for j in range(scores.shape[1]):
            score = np.float64(scores[i, j])
            if score < best[i, 0] - window:
                continue
            if window > 0:
                score = inner(queries[i], items[j])
            if score > best[i, 0] or (score == best[i, 0] and start + j < rows[i, 0]):
                _replace_worst(best[i], rows[i], score, start + j)


@compiled
def _replace_worst(best: np.ndarray, rows: np.ndarray, score: float, row: int) -> None:
    place = 0
    while True:
        worse = 2 * place + 1
        if worse >= len(best):
            break
        if worse + 1 < len(best) and _is_worse(best[worse + 1], rows[worse + 1], best[worse], rows[worse]):
            worse += 1
        if not _is_worse(best[worse], rows[worse], score, row):
            break
        best[place], rows[place] = best[worse], rows[worse]
        place = worse
    best[place], rows[place] = score, row


@compiled
def _is_worse(score: float, row: int, other: float, its_row: int) -> bool:
    return score < other or (score == other and row > its_row)


@compiled
def inners(queries: np.ndarray, asks: np.ndarray, items: np.ndarray, rows: np.ndarray, found: np.ndarray) -> None:
    """Fill ``found`` (n,): the product of query ``asks[i]`` of ``queries`` (Q, D) and row ``rows[i]`` of ``items``."""
    for i in range(len(rows)):
        found[i] = inner(queries[asks[i]], items[rows[i]])


@compiled
def inner(left: np.ndarray, right: np.ndarray) -> float:
    """The inner product of two float32 vectors (D,), summed in double precision and always in this order."""
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    whole = len(left) // 4 * 4
    for i in range(0, whole, 4):
        a += np.float64(left[i]) * np.float64(right[i])
        b += np.float64(left[i + 1]) * np.float64(right[i + 1])
        c += np.float64(left[i + 2]) * np.float64(right[i + 2])
        d += np.float64(left[i + 3]) * np.float64(right[i + 3])
    for i in range(whole, len(left)):
        a += np.float64(left[i]) * np.float64(right[i])
    return (a + b) + (c + d)
