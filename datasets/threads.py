"""Threads of OpenMP, on which Faiss computes: as many as there are cores, or none but the one that calls."""

from collections.abc import Iterator
from contextlib import contextmanager

import faiss


@contextmanager
def one() -> Iterator[None]:
    """Compute on the calling thread alone: for one of several that answer at once.

    What a query takes is less than what two threads may wait for each other where something else has their cores.
    OpenMP keeps the number for each thread of Python apart.
    """
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
