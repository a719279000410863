"""Sample: some of the gallery's rows as a set of its own, on which families are compared before they are built."""

from pathlib import Path

import numpy as np

from datasets.sources.vector_source import Source
from datasets.stored import vectors_file
from datasets.vectors import rows
from datasets.vectors.base import VectorSet

FIRST = 10_000  # rows of the smallest: an index over fewer says little
_TIMES = 8  # as many rows has the next
_QUERIES = 1000


def sizes(count: int) -> list[int]:
    """The samples of a gallery of ``count`` rows, the smallest first; the last is clearly smaller than the gallery.

    A gallery that is hardly larger than the first sample stands for itself.
    """
    if count < 2 * FIRST:
        return [count]
    found = [FIRST]
    while found[-1] * _TIMES * 4 <= count:
        found.append(found[-1] * _TIMES)
    return found


def drawn(whole: VectorSet, count: int, *, seed: int) -> VectorSet:
    """``count`` random rows of the gallery, and at most 1,000 random queries, in the order in which they were.

    A query that is a row of the gallery does not find itself here either.
    """
    chosen = rows.sample_ids(len(whole.gallery), count, seed=seed)
    asked = rows.sample_ids(len(whole.queries), min(_QUERIES, len(whole.queries)), seed=seed + 1)
    place = np.full(len(whole.gallery) + 1, -1)  # the last is that of a query which is no row
    place[chosen] = np.arange(count)
    return VectorSet(
        f"{whole.name}-sample-{count}",
        whole.metric,
        rows.take(whole.gallery, chosen),
        rows.take(whole.queries, asked),
        query_rows=place[whole.own_rows[asked]],
    )


def source(whole: VectorSet, given: Source, count: int, *, folder: Path, seed: int) -> tuple[Source, VectorSet]:
    """Where the sample of ``count`` rows lies in ``folder``, written there once, and the sample; of all, the set."""
    if count >= len(whole.gallery):
        return given, whole
    path = folder / f"{whole.fingerprint()}-{count}-{seed}.h5"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        vectors_file.save(path, drawn(whole, count, seed=seed))
    found = Source(data=str(path))
    return found, found.load()
