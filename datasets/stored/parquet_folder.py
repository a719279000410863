"""A folder of VectorDBBench: train.parquet or its parts, test.parquet and neighbors.parquet.

https://github.com/zilliztech/VectorDBBench: ``id`` and ``emb`` in ``train`` and ``test``, ``id`` and ``neighbors_id``
in ``neighbors``. The gallery is ``train.parquet``, or ``train-00-of-10.parquet`` and so on, or either of them as
``shuffle_train``, whose rows lie in another order: neighbors name ids, not rows.
"""

import re
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.stored import parquet

TEST, NEIGHBORS = "test.parquet", "neighbors.parquet"

_TRAIN = re.compile(r"(?P<kind>train|shuffle_train)(-(?P<part>\d+)-of-(?P<parts>\d+))?\.parquet")


def is_one(folder: Path) -> bool:
    """Whether ``folder`` holds a gallery as parquet."""
    return folder.is_dir() and bool(_parts(folder))


def gallery_files(folder: Path) -> list[Path]:
    """The files of the gallery, in their order; raises InputError where parts of it are missing."""
    found = _parts(folder)
    kind = max(match["kind"] for match in found)  # train rather than shuffle_train, where both are there
    chosen = [match for match in found if match["kind"] == kind]
    whole = [match for match in chosen if match["part"] is None]
    if whole:
        return [folder / whole[0].string]
    wanted = max(int(match["parts"]) for match in chosen)
    by_part = {int(match["part"]): folder / match.string for match in chosen if int(match["parts"]) == wanted}
    missing = [str(part) for part in range(wanted) if part not in by_part]
    if missing:
        raise InputError(f"{folder}: of the {wanted} parts of the gallery, {', '.join(missing)} are missing")
    return [by_part[part] for part in range(wanted)]


def queries(folder: Path) -> np.ndarray | None:
    """The queries (Q, D), or None where the folder has none."""
    return parquet.vectors([folder / TEST]) if (folder / TEST).is_file() else None


def neighbors(folder: Path) -> np.ndarray | None:
    """The rows (Q, k) int64 of the gallery that are nearest to each query, or None where the folder does not say."""
    if not (folder / NEIGHBORS).is_file():
        return None
    found = parquet.rows_of(gallery_files(folder), parquet.neighbors(folder / NEIGHBORS))
    asked, asking = (parquet.ids_of([folder / name]) for name in (NEIGHBORS, TEST))
    if asked is None or asking is None or np.array_equal(asked, asking):
        return found
    order = np.argsort(asked)
    if np.array_equal(asked[order], np.sort(asking)):  # the same queries in another order
        return found[order[np.searchsorted(asked[order], asking)]]
    return found  # in the order of the queries, whatever they are called there


def _parts(folder: Path) -> list[re.Match]:
    return [found for path in sorted(folder.glob("*.parquet")) if (found := _TRAIN.fullmatch(path.name))]
