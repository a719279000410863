"""All pairs within a radius as a file: the range truth of big-ann-benchmarks.

The number of queries and of all pairs as int32, then how many each query has as int32, all ids as int32, and all
distances as float32; little-endian. https://big-ann-benchmarks.com
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.files.whole import own_beside

_MOST = 2**31 - 1  # pairs that the file can count


@dataclass(frozen=True, eq=False)
class PairsWithin:
    """Pairs of a query and a gallery row within a radius.

    ends (Q + 1,) int64, ids (ends[-1],) int64, distances (ends[-1],) float32 : those of query i are
        ids[ends[i] : ends[i + 1]]
    """

    ends: np.ndarray
    ids: np.ndarray
    distances: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        """(Q,) how many each query has."""
        return np.diff(self.ends)

    @property
    def asking(self) -> np.ndarray:
        """(ends[-1],) the query of each pair."""
        return np.repeat(np.arange(len(self.ends) - 1), self.counts)


def read(path: Path) -> PairsWithin:
    """The pairs of a file; raises InputError naming it where it is cut short, or is something else."""
    try:
        size = path.stat().st_size
        if size < 8:
            raise InputError(f"{path}: expected a header of 8 bytes, found {size} bytes in all")
        queries, total = (int(number) for number in np.fromfile(path, "<i4", 2))
        expected = 8 + 4 * queries + 8 * total
        if queries < 1 or total < 0 or size != expected:
            says = f"{queries} queries and {total} pairs as its header says take {expected} bytes, found {size}"
            raise InputError(f"{path}: {says}: cut short, or no range truth of big-ann-benchmarks")
        counts = np.fromfile(path, "<i4", queries, offset=8)
        ids = np.fromfile(path, "<i4", total, offset=8 + 4 * queries)
        distances = np.fromfile(path, "<f4", total, offset=8 + 4 * queries + 4 * total)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    if (counts < 0).any() or counts.sum(dtype=np.int64) != total:
        raise InputError(f"{path}: its queries have {counts.sum(dtype=np.int64)} pairs together, not {total}")
    return PairsWithin(ends_of(counts), ids.astype(np.int64), distances)


def write(path: Path, pairs: PairsWithin) -> None:
    """Write it, whole or not at all; raises InputError where it cannot be, or there are too many pairs."""
    if len(pairs.ids) > _MOST:
        raise InputError(
            f"{path}: {len(pairs.ids):,} pairs are more than such a file can hold; ask for a smaller radius"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with own_beside(path) as part, part.open("wb") as stream:
            stream.write(np.array([len(pairs.counts), len(pairs.ids)], "<i4").tobytes())
            for values, dtype in ((pairs.counts, "<i4"), (pairs.ids, "<i4"), (pairs.distances, "<f4")):
                stream.write(values.astype(dtype).tobytes())
    except OSError as error:
        raise InputError(f"{path}: cannot be written, make room or name another folder ({error.strerror})") from error


def ends_of(counts: np.ndarray) -> np.ndarray:
    """(Q + 1,) int64 where the pairs of each of Q queries begin and end."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])
