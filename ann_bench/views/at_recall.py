"""At recall: the fastest point of every index that reaches a recall, a line an index, a column a recall."""

from collections.abc import Sequence

from ann_bench.results import points as measured
from ann_bench.results.points import Row
from ann_bench.units import significant
from datasets.errors import InputError

_BUILD = 52  # characters


def read(text: str) -> tuple[float, ...]:
    """ "0.9,0.95" as numbers; raises InputError, naming --at, for what is no recall."""
    try:
        found = tuple(float(part) for part in text.split(","))
    except ValueError:
        found = ()
    if not found or not all(0 < recall <= 1 for recall in found):
        raise InputError(f"--at={text}: must be recalls above 0 and up to 1, separated by commas, like 0.9,0.95,0.99")
    return found


def render(rows: Sequence[Row], recalls: Sequence[float]) -> str:
    """Lines of text: a block a case, mode and number of threads; the index that is fastest at the last recall first.

    QPS and the lower end of their interval at each recall, "-" where no point of the index reaches it; then what was
    built for the highest recall that it reaches, which is told where it is not the last.
    """
    parts = [part for case in measured.by_case(rows).values() for part in measured.by_conditions(case).values()]
    return "\n\n".join(_block(part, recalls) for part in parts)


def fastest(rows: Sequence[Row], recall: float) -> dict[str, Row]:
    """Index -> its fastest point that reaches a recall, the fastest index first."""
    best: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: -row["qps"]):
        if measured.recall(row) >= recall:
            best.setdefault(_who(row), row)
    return best


def _who(row: Row) -> str:
    return f"{row['index']}, {row['way']}" if row.get("way") else row["index"]


def _block(rows: Sequence[Row], recalls: Sequence[float]) -> str:
    found = [fastest(rows, recall) for recall in recalls]
    # Who reaches the highest recall at all stands before who does not; both by speed there.
    order = list(dict.fromkeys(name for best in reversed(found) for name in best))
    order += sorted({_who(row) for row in rows} - set(order))
    lines = [["index", *(f"QPS at {recall:g}" for recall in recalls), "build and search"]]
    for name in order:
        reached = [(recall, best[name]) for recall, best in zip(recalls, found, strict=True) if name in best]
        title = _title(reached[-1][1]) if reached else ""
        title += f" (at {reached[-1][0]:g})" if reached and reached[-1][0] != recalls[-1] else ""
        lines.append([name, *(_qps(best.get(name)) for best in found), title])
    width = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    case = f"{rows[0]['case']}, " if rows[0].get("case") else ""
    head = f"{rows[0]['data']}, {case}{measured.conditions(rows[0])}"
    return "\n".join([head, *(_line(line, width) for line in lines)])


def _line(cells: Sequence[str], width: Sequence[int]) -> str:
    figures = [cell.rjust(size) for cell, size in zip(cells[1:-1], width[1:-1], strict=True)]
    return "  ".join([cells[0].ljust(width[0]), *figures, cells[-1]]).rstrip()


def _qps(row: Row | None) -> str:
    if row is None:
        return "-"
    low = row.get("qps_low")
    return significant(row["qps"]) + (f" ({significant(low)})" if low and low < row["qps"] else "")


def _title(row: Row) -> str:
    words = " ".join(part for part in (row["build"], row["search"]) if part)
    return words if len(words) <= _BUILD else words[: _BUILD - 3] + "..."
