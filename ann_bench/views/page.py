"""The page of a benchmark: its pictures, a table to sort and search, what failed and why, on what machine; one file."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from ann_bench import tracks
from ann_bench.results import points as measured
from ann_bench.results.families import styles
from ann_bench.results.points import Row
from ann_bench.results.results import Failure
from ann_bench.units import in_bytes, in_time, significant
from ann_bench.views import table
from ann_bench.views.comparisons import comparisons
from datasets.files.whole import write_page

_TEMPLATES = Path(__file__).parent / "templates"
_GOALS = (0.9, 0.95, 0.99)  # recalls for which the fastest point is told at the top
_GOAL = 0.95  # of a track, which has a card a case
_NOTES = {
    "recall-qps": "The line of a family is its Pareto front: no point of the family is both better and faster. "
    "The pale band is the front of all. A click on a point shows it in the table.",
    "recall-memory": "A line a build, from its lowest recall to its highest, which has the marker. "
    "Memory is the size of the saved index, the vectors included where the index holds them.",
    "recall-build": "A line a build, from its lowest recall to its highest, which has the marker.",
}
_CLICK = " A click on a point shows it in the table."
_OF_TRACKS = {
    "recall-qps": "The line of a family is its Pareto front: no point of the family is both better and faster."
    + _CLICK,
    "speed-selectivity": "The fastest point of each family and way that reaches the recall, under every filter."
    + _CLICK,
    "recall-selectivity": "The highest recall of each family and way under every filter, however slow." + _CLICK,
    "recall-steps": "Recall after each search of the stream, against the exact neighbors of that moment.",
    "qps-steps": "How fast the queries were answered after each search of the stream.",
    "memory-steps": "What the process holds more than before the first step.",
    "writes": "An index that is built anew, or that filters deleted rows, pays for its deletes elsewhere: only the "
    "rates of what it does itself are shown.",
    "clients": "Of each family the fastest point of a recall of 0.9 or more." + _CLICK,
    "rate": "Of each family the fastest point of a recall of 0.9 or more; the time of a query counts from when it "
    "was due." + _CLICK,
}


def write(rows: Sequence[Row], failures: Sequence[Failure], folder: Path, *, pictures: Sequence[Path] = ()) -> Path:
    """Write ``folder``/index.html, which needs nothing beside it, and return its path.

    rows : of one dataset and one k, and the very ones that the pictures were drawn from
    pictures : what plot.draw returned; the SVGs go into the page

    Raises InputError where the folder cannot be written.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    track = rows[0].get("track", "")
    environment.filters |= {"in_bytes": in_bytes, "in_time": in_time, "significant": significant}
    text = environment.get_template("page.html.j2").render(
        first=rows[0],
        cards=_cards(rows),
        track=track,
        pictures=[_picture(path, _OF_TRACKS if track else _NOTES) for path in pictures if path.suffix == ".svg"],
        columns=table.columns(rows, track),
        lines=_lines(rows, track),
        failures=table.reasons(failures),
        facts=_facts(rows),
    )
    return write_page(folder, text)


def _cards(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """For each mode and goal the fastest point that reaches it; of a track, for each case, mode and one goal.

    What was asked at a rate has none: it is as fast as it was asked.
    """
    cards = []
    numbered = [{**row, "place": place} for place, row in enumerate(rows)]
    for case, of_case in measured.by_case(row for row in numbered if not row.get("rate")).items():
        for part in comparisons(of_case).values():
            for goal in (_GOAL,) if case else _GOALS:
                good = [row for row in part if measured.recall(row) >= goal]
                if good:
                    best = max(good, key=lambda row: row["qps"])
                    cards.append({"goal": goal, "row": best, "conditions": measured.conditions(best)})
    return cards


def _picture(path: Path, notes: Mapping[str, str]) -> dict[str, str]:
    """The SVG as an element of the page, its ids made unlike those of the other pictures."""
    svg = path.read_text(encoding="utf-8")
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'\b(id="|href="#|url\(#)(?!p\d+")', rf"\1{path.stem}-", svg)  # #p12 is a row of the table
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r'\1 role="img"', svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    note = next((note for start, note in notes.items() if path.stem.startswith(start)), "")
    return {"name": path.stem, "svg": svg, "note": note}


def _lines(rows: Sequence[Row], track: str) -> list[dict[str, Any]]:
    """The lines of the table by case, mode, build and recall; each on the front of its case, mode and threads, or not.

    Of a track every way has its lines, and all ways of a case one front.
    """
    style = styles(map(measured.family, rows))
    place = {id(row): place for place, row in enumerate(rows)}
    parts = [part for of_case in measured.by_case(rows).values() for part in measured.by_conditions(of_case).values()]
    best = {id(row) for part in parts for row in (*measured.front(part), *measured.equals(part))}

    def order(row: Row) -> tuple[Any, ...]:
        return row["index"], row["build"], row.get("way", ""), measured.recall(row)

    ordered: Sequence[Sequence[Row]] = [sorted(part, key=order) for part in parts]
    return [
        {"row": row, "place": place[id(row)], "front": id(row) in best, "cells": table.cells(row, track)}
        | {"colour": style[measured.family(row)].colour}
        for block in (tracks.get(track).Track.blocks(ordered) if track else ordered)
        for row in block
    ]


def _facts(rows: Sequence[Row]) -> dict[str, str]:
    """What holds for all rows; several values where they differ."""
    versions: dict[str, set[str]] = {}
    for row in rows:
        for library, version in (row.get("versions") or {}).items():
            versions.setdefault(library, set()).add(version)
    times = sorted(str(row["measured"]) for row in rows if row.get("measured"))
    facts = {
        "fingerprint of the set": {row["fingerprint"] for row in rows},
        "true neighbors": {row["true_neighbors"] for row in rows if row.get("true_neighbors")},
        "CPU": {row["cpu"] for row in rows if row.get("cpu")},
        "cores": {str(row["cores"]) for row in rows if row.get("cores")},
        "libraries": {f"{library} {'/'.join(sorted(found))}" for library, found in versions.items()},
        "measured": {" to ".join(dict.fromkeys((times[0][:16], times[-1][:16]))).replace("T", " ")} if times else (),
    }
    return {name: ", ".join(sorted(values)) for name, values in facts.items() if values}
