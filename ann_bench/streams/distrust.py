"""Distrust in a stream: an answer names only rows that are there, and says of them what is true."""

import numpy as np

from ann_bench.indexes.base import Index
from ann_bench.measuring import honest
from ann_bench.measuring.honest import Cheating
from datasets.runbooks.history import History
from datasets.vectors import exact
from datasets.vectors.base import VectorSet


def check_there(history: History, step: int, numbers: np.ndarray, added: int) -> None:
    """Raises Cheating where rows (n, k), by their numbers, are not there at a step: deleted, or never inserted.

    added : how many rows have come by then; within a step it may be fewer than come in it
    """
    if not numbers.size:
        return
    if numbers.max() >= added or numbers.min() < -1:
        wrong = numbers.max() if numbers.max() >= added else numbers.min()
        raise Cheating(f"step {step + 1}: found row {wrong}, which was never inserted; {added:,} were by then")
    gone = (numbers >= 0) & (history.died[numbers] <= step)
    if gone.any():
        query, place = np.argwhere(gone)[0]
        row = numbers[query, place]
        many = f"{gone.sum():,} of {gone.size:,} answers are gone; one is row {row}"
        raise Cheating(f"step {step + 1}: found deleted rows: {many}, deleted in step {history.died[row] + 1}")


def check(
    index: Index, vector_set: VectorSet, history: History, step: int, numbers: np.ndarray, reported: np.ndarray | None
) -> honest.Answer:
    """The gallery's rows and their recomputed distances, both (Q, k); raises Cheating for what cannot be.

    numbers : (Q, k) the rows found, by the numbers of the history; reported : what the index says of them
    """
    added = int(np.searchsorted(history.born, step, side="right"))
    check_there(history, step, numbers, added)
    honest.check_once(numbers)
    near = np.where(numbers < 0, -1, history.rows[numbers])
    distances = exact.between(vector_set.queries, vector_set.gallery, near, metric=vector_set.metric)
    if reported is not None and index.exact_distances:
        honest.compare(vector_set, distances, index.in_metric(reported), near)
    return near, distances
