"""Rows of vectors that may lie in a memory map larger than memory: walked in blocks, gathered, sampled, prepared."""

import mmap
from collections.abc import Iterator

import numpy as np

_COPY_BYTES = 1 << 24  # copied at a time out of a map, so that its pages are never resident beside the whole copy
_SMALL_BYTES = 1 << 30  # a map of up to here may become resident
_TAKEN = 64  # rows gathered at a time: with every touched page, up to a megabyte beside it becomes resident


def blocks(vectors: np.ndarray, size: int) -> Iterator[tuple[int, np.ndarray]]:
    """(first row, block (size, D) or fewer rows) from first to last, every block contiguous.

    A map's pages are given back behind each block, so that about one block is resident however large the file is. A
    block is read-only where it is part of the map, and shares memory with vectors that are contiguous.
    """
    for start in range(0, len(vectors), size):
        block = vectors[start : start + size]
        yield start, contiguous(block)
        give_back(block)


def contiguous(vectors: np.ndarray) -> np.ndarray:
    """The same rows, copied only where they are not contiguous and aligned already; a map's pages are given back."""
    return vectors if _lie_well(vectors) else _copied(vectors, np.empty(vectors.shape, vectors.dtype))


def take(vectors: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """A contiguous copy of the rows ``ids`` (n,), in their order.

    Those of a map of more than 1 GiB are read in the order in which they lie, and its pages are given back; what is
    read of a smaller one stays resident, so that the next rows cost no more than rows in memory.
    """
    if may_stay(vectors):
        return np.ascontiguousarray(vectors[ids])
    taken = np.empty((len(ids), vectors.shape[1]), vectors.dtype)
    order = np.argsort(ids, kind="stable")
    for start in range(0, len(ids), _TAKEN):
        places = order[start : start + _TAKEN]
        wanted = ids[places]
        taken[places] = vectors[wanted]
        give_back(vectors[wanted[0] : wanted[-1] + 1])
    return taken


def sample(vectors: np.ndarray, n: int, seed: int) -> np.ndarray:
    """A contiguous copy of min(n, N) different rows in the order in which they lie, the same ones for the same seed."""
    return take(vectors, sample_ids(len(vectors), n, seed))


def sample_ids(count: int, n: int, seed: int) -> np.ndarray:
    """min(n, count) different ids below ``count``, ascending."""
    chosen = np.random.default_rng(seed).choice(count, min(n, count), replace=False, shuffle=False)
    return np.sort(chosen).astype(np.int64)


def prepared(rows: np.ndarray, metric: str, *, room: np.ndarray | None = None) -> np.ndarray:
    """Rows (n, D) as indexes take them: contiguous, float32 or uint8, unit length where only the angle counts.

    Copied only where they are not so already; a row of zeros stays one.

    room : (at least n, D) of that type, which a copy is put into. For blocks after each other: memory that the system
        hands out anew costs several times what copying into it does
    """
    dtype = np.uint8 if metric == "hamming" else np.float32
    if rows.dtype == dtype and _lie_well(rows) and metric != "angular":
        return rows
    copy = np.empty(rows.shape, dtype) if room is None else room[: len(rows)]
    return _copied(rows, copy, unit=metric == "angular")


def _lie_well(vectors: np.ndarray) -> bool:
    return vectors.flags.c_contiguous and vectors.flags.aligned


def _copied(vectors: np.ndarray, copy: np.ndarray, *, unit: bool = False) -> np.ndarray:
    """``copy``, filled with the rows, of ``unit`` length where asked for, some at a time."""
    size = max(1, _COPY_BYTES // max(1, copy.itemsize * copy.shape[1]))
    for start in range(0, len(copy), size):
        part, filled = vectors[start : start + size], copy[start : start + size]
        filled[...] = part
        give_back(part)
        if unit:
            length = np.linalg.norm(filled, axis=1, keepdims=True)
            np.divide(filled, length, out=filled, where=length > 0)
    return copy


def may_stay(vectors: np.ndarray) -> bool:
    """Whether the rows are in memory already, or in a map so small that all of it may come to be."""
    if not is_mapped(vectors):
        return True
    low, high = np.byte_bounds(vectors)  # not nbytes: of each row it may be a few bytes that are looked at
    return high - low <= _SMALL_BYTES


def is_mapped(vectors: np.ndarray) -> bool:
    """Whether the rows lie in a file that is mapped into memory to be read only."""
    return _map(vectors) is not None


def give_back(vectors: np.ndarray) -> None:
    """The pages of a map under ``vectors`` stop being resident; touched again, they are read again."""
    mapped = _map(vectors)
    if mapped is None or not vectors.size or not hasattr(mapped, "madvise"):
        return
    origin = np.frombuffer(mapped, np.uint8).ctypes.data
    low, high = (bound - origin for bound in np.byte_bounds(vectors))
    start = low // mmap.PAGESIZE * mmap.PAGESIZE
    mapped.madvise(mmap.MADV_DONTNEED, start, high - start)


def _map(vectors: np.ndarray) -> mmap.mmap | None:
    """The map that the rows lie in, unless it can be written: giving its pages back could lose what was written."""
    base: object = vectors
    while isinstance(base, np.ndarray):
        if isinstance(base, np.memmap) and base.mode != "r":
            return None
        base = base.base
    return base if isinstance(base, mmap.mmap) else None
