"""Conjugate gradients for (I - alpha S) F = Y: many right-hand sides together, one pass over the sparse S a step."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from datasets.compiled import compiled


class Links(NamedTuple):
    """S in compressed rows, as the loops take it: row i has its entries from starts[i] to starts[i + 1]."""

    starts: np.ndarray
    ids: np.ndarray
    weights: np.ndarray  # float32
    alpha: np.float32


class Columns(NamedTuple):
    """What a step reads and writes, each (G, Q) float32, a column a right-hand side."""

    solution: np.ndarray
    residual: np.ndarray
    direction: np.ndarray
    image: np.ndarray  # (I - alpha S) direction


def solve(
    matrix: csr_array, wanted: np.ndarray, *, alpha: float = 0.99, steps: int = 20, tolerance: float = 1e-6
) -> np.ndarray:
    """F (G, Q) float32, a column for every column of Y (Hestenes and Stiefel 1952).

    matrix : S, (G, G) float32, symmetric with eigenvalues of 1 at most
    wanted : Y, (G, Q) float32
    steps, tolerance : it ends after so many products with S, or sooner where what every column is still wrong by is
        below the tolerance, as a share of the column's length. Sums are in float64
    """
    links = Links(matrix.indptr, matrix.indices, matrix.data.astype(np.float32, copy=False), np.float32(alpha))
    residual = np.array(wanted, np.float32, order="C")
    columns = Columns(np.zeros_like(residual), residual, residual.copy(), np.empty_like(residual))
    squares = np.einsum("gq,gq->q", residual, residual, dtype=np.float64)
    enough = squares * tolerance**2
    threads = len(os.sched_getaffinity(0))
    with ThreadPoolExecutor(threads) as pool:
        run = _over_all_rows(pool, _parts(matrix, threads), columns)
        for _ in range(steps):
            if (squares <= enough).all():
                break
            along = run(_apply, links)
            before, squares = squares, run(_advance, _ratio(squares, along))
            run(_turn, _ratio(squares, before))
    return columns.solution


def _ratio(over: np.ndarray, under: np.ndarray) -> np.ndarray:
    """(Q,) float32; 0 for a column that is solved."""
    return np.divide(over, under, out=np.zeros_like(over), where=under > 0).astype(np.float32)


def _parts(matrix: csr_array, threads: int) -> list[tuple[int, int]]:
    """Rows, first and behind the last, for each thread: as many entries and rows together for one as for another."""
    work = matrix.indptr + np.arange(len(matrix.indptr))
    ends = np.searchsorted(work, np.linspace(0, work[-1], threads + 1))
    ends[0], ends[-1] = 0, matrix.shape[0]
    return list(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True))


def _over_all_rows(
    pool: ThreadPoolExecutor, parts: list[tuple[int, int]], columns: Columns
) -> Callable[..., np.ndarray]:
    """What runs a loop over all rows, a part a thread, and adds up what each has summed, (Q,) float64."""

    def run(loop: Callable, given: Links | np.ndarray) -> np.ndarray:
        sums = np.zeros((len(parts), columns.solution.shape[1]))
        done = [pool.submit(loop, given, columns, sums[place], *part) for place, part in enumerate(parts)]
        for one in done:
            one.result()
        return sums.sum(axis=0)

    return run


@compiled
def _apply(links: Links, columns: Columns, sums: np.ndarray, first: int, end: int) -> None:
    """image = direction - alpha S direction; sums (Q,): direction by image."""
    count = columns.direction.shape[1]
    for row in range(first, end):
        image, own = columns.image[row], columns.direction[row]
        image[:] = 0
        for entry in range(links.starts[row], links.starts[row + 1]):
            weight, other = links.weights[entry], columns.direction[links.ids[entry]]
            for column in range(count):
                image[column] += weight * other[column]
        for column in range(count):
            image[column] = own[column] - links.alpha * image[column]
            sums[column] += own[column] * image[column]


@compiled
def _advance(length: np.ndarray, columns: Columns, sums: np.ndarray, first: int, end: int) -> None:
    """Each solution goes (Q,) so far along its direction; sums: squares of what is still wrong."""
    for row in range(first, end):
        for column in range(len(length)):
            columns.solution[row, column] += length[column] * columns.direction[row, column]
            left = columns.residual[row, column] - length[column] * columns.image[row, column]
            columns.residual[row, column] = left
            sums[column] += left * left


@compiled
def _turn(share: np.ndarray, columns: Columns, sums: np.ndarray, first: int, end: int) -> None:
    """The next direction: what is still wrong, and a share (Q,) of the last one. It sums nothing."""
    for row in range(first, end):
        for column in range(len(share)):
            turned = columns.residual[row, column] + share[column] * columns.direction[row, column]
            columns.direction[row, column] = turned
