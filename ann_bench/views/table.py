"""Table: the measured points as aligned text for a terminal, a line a point on the Pareto front or a line each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ann_bench import tracks
from ann_bench.results import points as measured
from ann_bench.results.point import recall_name
from ann_bench.results.points import Row
from ann_bench.results.results import Failure
from ann_bench.units import significant
from ann_bench.views import at_recall
from ann_bench.views.shown import Shown

_TEXT = ("case", "way", "index", "build", "search")  # aligned left; figures right


@dataclass(frozen=True, kw_only=True)
class TableOptions(Shown):
    """Print the measured points: those that no other point beats in recall and QPS, and their equals (=); or all."""

    all: bool = False
    """Every point, not only those on the Pareto front and those that are equal to them within the noise."""
    at: str = ""
    """Only the fastest point of every index that reaches these recalls: 0.9,0.95,0.99."""


def main(options: TableOptions) -> None:
    """Print the table, and below it what failed."""
    recalls = at_recall.read(options.at) if options.at else ()
    found = options.load()
    if recalls:
        print(at_recall.render(found.rows, recalls))
    else:
        print(render(found.rows, every=options.all, track=options.track))
    for failure in reasons(found.failures):
        print("failed: {index} {build} ({points}), {stage}: {reason}".format_map(failure))


def render(rows: Sequence[Row], *, every: bool = False, track: str = "") -> str:
    """Lines of text: a block a case, mode and number of threads, from the lowest recall to the highest;
    or those that the track makes of them.

    every : all rows, not only those on the Pareto front of their block and their equals, which are marked by =
    """
    cases = measured.by_case(rows).values()
    parts = [part for case in cases for part in measured.by_conditions(case).values()]
    marked = [(_by_recall(part) if every else front_and_equals(part)) for part in parts]
    marked = list(tracks.get(track).Track.blocks(marked)) if track else marked
    names = columns([row for part in marked for row in part], track)
    blocks = [[cells(row, track) for row in part] for part in marked]
    lines = [dict(zip(names, names, strict=True)), *(line for block in blocks for line in block)]
    width = {name: max(len(line.get(name, "")) for line in lines) for name in names}

    def text(line: dict[str, str]) -> str:
        words = [
            line.get(name, "").ljust(width[name]) if name in _TEXT else line.get(name, "").rjust(width[name])
            for name in names
        ]
        return "  ".join(words).rstrip()

    rule = "  ".join("-" * width[name] for name in names)
    return "\n".join([text(lines[0])] + [line for block in blocks for line in (rule, *map(text, block))])


def front_and_equals(rows: Sequence[Row]) -> list[Row]:
    """The rows that no other beats, from the lowest recall to the highest; "equal" is "=" in those off the front."""
    return _by_recall([*measured.front(rows), *({**row, "equal": "="} for row in measured.equals(rows))])


def _by_recall(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (measured.recall(row), -row["qps"]))


def columns(rows: Sequence[Row], track: str = "") -> list[str]:
    """The names of the columns that any of the rows has something to say in."""
    there = {name for row in rows for name in cells(row, track)}
    return [name for name in _order(rows[0], track) if name in there]


def cells(row: Row, track: str = "") -> dict[str, str]:
    """Column -> what it says of the row; columns that it knows nothing of are left out."""
    return {name: show(row[key]) for name, (key, show) in _order(row, track).items() if row.get(key) not in (None, "")}


def _order(row: Row, track: str = "") -> dict[str, tuple[str, Callable[..., str]]]:
    """Column -> where its value stands in a row, and how it is written."""
    k = row["k"]
    own = tracks.get(track).Track.columns() if track else {}
    return {
        **({"case": ("case", str), "way": ("way", str)} if track else {}),
        "index": ("index", str),
        "build": ("build", str),
        "search": ("search", str),
        "mode": ("mode", str),
        "threads": ("threads", str),
        "=": ("equal", str),
        "recall": (recall_name(k), _share),
        "low": (f"{recall_name(k)} low", _share),
        "1-recall@1": ("1-recall@1", _share),
        "label recall": (f"label recall@{k}", _share),
        "label loss": ("label recall loss", _share),
        "QPS": ("qps", significant),
        "QPS low": ("qps_low", significant),
        "p99 ms": ("p99", significant),
        **{name: (key, _figure) for name, key in own.items()},
        "bytes/vector": ("bytes_per_vector", significant),
        "build s": ("build_seconds", significant),
    }


def _figure(value: object) -> str:
    return significant(value) if isinstance(value, int | float) else str(value)


def _share(value: float) -> str:
    return f"{value:.4f}"


def reasons(failures: Sequence[Failure]) -> list[dict[str, str]]:
    """Failures that differ in the search parameters or mode only, as one with the number of points that it cost."""
    found: dict[tuple[str, ...], int] = {}
    for failure in failures:
        key = (failure.point.index, failure.point.build, failure.stage, failure.reason)
        found[key] = found.get(key, 0) + 1
    names = ("index", "build", "stage", "reason")
    return [
        dict(zip(names, key, strict=True)) | {"points": f"{count} point" + "s" * (count > 1)}
        for key, count in found.items()
    ]
