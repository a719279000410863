"""Comparisons: the points that a picture, or a card above the table, holds against each other."""

from collections.abc import Iterable

from ann_bench import indexes
from ann_bench.results.points import Row, by_conditions


def comparisons(rows: Iterable[Row]) -> dict[tuple[str, int], list[Row]]:
    """(mode, threads) -> its rows, without batch points that are of indexes without batch search alone.

    Those ask one query after another in batch mode, too: what there is to see of them is among the single queries.
    """
    return {pair: part for pair, part in by_conditions(rows).items() if not _without_batch_search(part)}


def left_out(rows: Iterable[Row]) -> list[str]:
    """The indexes whose batch points are in no comparison."""
    parts = [part for part in by_conditions(rows).values() if _without_batch_search(part)]
    return sorted({row["index"] for part in parts for row in part})


def _without_batch_search(part: list[Row]) -> bool:
    """Whether all of them are batch points of indexes without batch search; an index that is not there may have one."""
    return all(
        row["mode"] == "batch"
        and row["index"] in indexes.names()
        and indexes.get(row["index"]).Index.batch_threads == 1
        for row in part
    )
