"""Recommend: of what was measured, the fastest point that reaches a recall within a memory, for so many vectors."""

import functools
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ann_bench import tracks
from ann_bench.results import extrapolate
from ann_bench.results import points as measured
from ann_bench.results.point import recall_name
from ann_bench.results.points import Row
from ann_bench.results.results import MODES
from ann_bench.units import in_bytes, in_time, read_bytes, read_count, significant
from ann_bench.views.shown import Shown
from datasets import vectors
from datasets.errors import InputError, RunFailed, unknown

_ROUGH = 20  # beyond so many times the vectors measured, an extrapolation is little more than a guess
_SHOWN = 6  # families
_NAMED = 5  # equals of the best
_FEW = 10_000  # fewer vectors need no index


@dataclass(frozen=True, kw_only=True)
class RecommendOptions(Shown):
    """Choose an index of those measured: the fastest that reaches a recall within a memory, for so many vectors."""

    recall: float = 0.9
    """The k-recall@k to reach."""
    memory: str = ""
    """The memory to stay within when searching, that of the whole process, like 4GB; any by default."""
    count: str = ""
    """The number of vectors, like 10M; by default as many as were measured."""
    writes: float = 0
    """The rows that must be written in a second at least, those that come and those that go; of --track=stream."""
    mode: str = "single"
    """single: one query at a time; batch: many in one call."""


@dataclass(frozen=True)
class Choice:
    """A point as it would be with the number of vectors asked for.

    row : as it was measured
    grown : with so many vectors
    equals : the other points that reach it within the memory and are as fast within the noise, the fastest first
    sure : "measured", or extrapolated from what, how far and how
    lacking : why it does not do; "" where it does
    command : what builds, measures and keeps it
    vague : whether it is extrapolated so far that the time to build is little more than a guess
    """

    row: Row
    grown: extrapolate.Grown
    sure: str
    lacking: str
    command: str
    vague: bool
    equals: Sequence[str] = ()


def main(options: RecommendOptions) -> None:
    """Print the choice, the command that builds and keeps it, how sure it is, and the best of the other families."""
    if options.mode not in MODES:
        raise unknown("mode", options.mode, MODES)
    if not 0 <= options.recall <= 1:
        raise InputError(f"--recall={options.recall}: must be from 0 to 1, like 0.95")
    memory = read_bytes(options.memory) if options.memory else None
    found = options.load()
    count = read_count(options.count) if options.count else found.rows[0]["gallery"]
    cases = measured.by_case(found.rows)
    lacking = [_print_case(options, replace(found, rows=rows), memory, count) for rows in cases.values()]
    if all(lacking):
        raise RunFailed("nothing that was measured reaches that; sweep more, or ask for less")


def _print_case(options: RecommendOptions, found: measured.Measured, memory: int | None, count: int) -> str:
    """Print the choice in one case, which is all without a track; why even the nearest does not do, or ""."""
    wanted = {"count": count, "mode": options.mode}
    rows = _written(found.rows, options.writes) if options.writes else found.rows
    choices = choose(rows, recall=options.recall, memory=memory, file=options.file, **wanted)
    if str(options.out) != "results":
        choices = [replace(one, command=f"{one.command} --out {shlex.quote(str(options.out))}") for one in choices]
    words = f"{found.k}-recall@{found.k}" if found.k else recall_name(0)
    asked = f"{words} of {options.recall:g} or more, {count:,} vectors"
    asked += f", {most:,} at a time" if (most := found.rows[0].get("alive_most")) else ""
    asked += f", within {in_bytes(memory)}" if memory else ""
    asked += f", {options.writes:,.10g} writes a second or more" if options.writes else ""
    case = f", {found.rows[0]['case']}" if options.track else ""
    print(f"{found.data}{case}: {asked}, {measured.MODE_WORDS[options.mode]}\n")
    print(render(choices, note=without_index(found.rows, **wanted)) + ("\n" if options.track else ""))
    return choices[0].lacking


def _written(rows: Sequence[Row], least: float) -> list[Row]:
    """The points of a stream that write so many rows a second."""
    if rows[0]["track"] != "stream":
        raise InputError(f"--writes={least:,.10g}: belongs to --track=stream")
    fast = [row for row in rows if row.get("writes_per_second", 0) >= least]
    if not fast:
        most = max(row.get("writes_per_second", 0) for row in rows)
        raise RunFailed(
            f"nothing that was measured writes {least:,.10g} rows a second; the fastest {significant(most)}"
        )
    return fast


def without_index(rows: Sequence[Row], *, count: int, mode: str) -> str:
    """How fast exact search is where ``count`` vectors are so few that they need no index; else, or not measured, "".

    "" under a track, too: there it is one of the families, with its way of asking.
    """
    flat = next((row for row in rows if (row["index"], row["mode"]) == ("flat", mode)), None)
    if count >= _FEW or flat is None or flat["track"]:
        return ""
    grown = extrapolate.grow(flat, count)
    about = "about " if grown.model else ""
    speed = f"{about}{significant(grown.qps)} QPS on {measured.in_threads(flat['threads'])}"
    return f"{count:,} vectors need no index: flat, exact search, answers {speed}"


def choose(
    rows: Sequence[Row], *, recall: float, memory: int | None, count: int, mode: str, file: str = ""
) -> list[Choice]:
    """The fastest point of each family that reaches the recall within the memory, the fastest first.

    memory : bytes held when searching, None is any; count : of vectors; file : of those measured, where it is known

    Where nothing does, the nearest misses: what reaches the recall in the least memory, and what of those within the
    memory has the highest recall.
    """
    choice = functools.partial(_choice, count=count, file=file)
    grown = [(row, extrapolate.grow(row, count)) for row in rows if row["mode"] == mode]
    grown.sort(key=lambda pair: -pair[1].qps)
    good = [pair for pair in grown if measured.recall(pair[0]) >= recall]
    small = [pair for pair in grown if memory is None or pair[1].memory <= memory]
    best: dict[str, tuple[Row, extrapolate.Grown]] = {}
    for row, point in good:
        if memory is None or point.memory <= memory:
            best.setdefault(measured.family(row), (row, point))
    if best:
        first, *others = (choice(row, point, "") for row, point in best.values())
        fitting = [pair for pair in good if memory is None or pair[1].memory <= memory]
        return [replace(first, equals=_as_fast(first, fitting)), *others]
    misses = []
    if good:
        row, point = min(good, key=lambda pair: (pair[1].memory, -pair[1].qps))
        misses.append(choice(row, point, f"needs {in_bytes(point.memory)} of memory"))
    if small:
        row, point = max(small, key=lambda pair: (measured.recall(pair[0]), pair[1].qps))
        misses.append(choice(row, point, f"reaches a recall of {measured.recall(row):.4f} only"))
    if not misses:
        row, point = min(grown, key=lambda pair: pair[1].memory)
        words = f"needs {in_bytes(point.memory)} of memory for a recall of {measured.recall(row):.4f}"
        misses.append(choice(row, point, words))
    return misses


def _as_fast(first: Choice, pairs: Sequence[tuple[Row, extrapolate.Grown]]) -> list[str]:
    """The names of the other points whose intervals of QPS, grown as they themselves are, overlap with the first's."""
    low = first.row["qps_low"] * first.grown.qps / first.row["qps"]
    return [
        _title(row, point)
        for row, point in pairs
        if row is not first.row and row["qps_high"] * point.qps / row["qps"] >= low
    ]


def _choice(row: Row, point: extrapolate.Grown, lacking: str, *, count: int, file: str) -> Choice:
    sure = f"measured on {row.get('cpu') or 'a CPU unknown'}"
    times = max(count / row["gallery"], row["gallery"] / count)
    if point.model:
        sure = f"extrapolated {significant(times)}-fold from {row['gallery']:,} vectors"
        sure += f" ({point.model}; recall as measured)"
        sure += "; a rough guess, measure before you rely on it" if times > _ROUGH else ""
    return Choice(row, point, sure, lacking, command(row, point, file), times > _ROUGH)


def command(row: Row, point: extrapolate.Grown, file: str) -> str:
    """What builds, measures and keeps a point; ``file`` is that of its vectors, where it is known."""
    # A set that was cut or changed has a name of its own. The set's own metric may be another than the point's.
    named = not point.model and row["data"] in vectors.names()
    data = row["data"] if named else "" if point.model else file
    words = ["--keep-indexes", "--data", data or "VECTORS", "--metric", row["metric"]]
    words += ["--index", row["index"], "--build", point.build]
    words += ["--search", point.search.replace(" ", ",")] if point.search else []
    words += ["--track", row["track"], *tracks.get(row["track"]).Track.flags_of(row)] if row["track"] else []
    words += ["--k", str(row["k"])] if row["k"] else []
    words += ["--mode", row["mode"]]
    words += ["--threads", str(row["threads"])] if row["mode"] == "batch" else []
    words += ["--seed", str(row["seed"])] if row["seed"] else []
    gpus = row["device"].removeprefix("gpus ")  # else it is the address of a server
    words += ["--gpus" if gpus != row["device"] else "--uri", gpus] if gpus else []
    return "python -m ann_bench run " + shlex.join(words)


def render(choices: Sequence[Choice], *, note: str = "") -> str:
    """The choices as text: the first one in full, then ``note``, the others a line each; misses each in full."""
    if choices[0].lacking:
        misses = [f"this {choice.lacking}:\n{_full(choice)}" for choice in choices]
        return "\n\n".join(["nothing that was measured does; the nearest:", *misses])
    others = [f"  {_name(choice)}: {_figures(choice)}" for choice in choices[1:_SHOWN]]
    first = _full(choices[0]) + (f"\n\n{note}" if note else "")
    return first + ("\n\nthe next best families\n" + "\n".join(others) if others else "")


def _full(choice: Choice) -> str:
    lines = [_name(choice), f"  {_figures(choice)}", f"  {choice.sure}"]
    lines += [_equals(choice)] if choice.equals else []
    lines.append(f"  {choice.command}")
    lines += ["  (VECTORS: your file of vectors)"] if "--data VECTORS" in choice.command else []
    return "\n".join(lines)


def _name(choice: Choice) -> str:
    return _title(choice.row, choice.grown)


def _title(row: Row, point: extrapolate.Grown) -> str:
    way = f"({row['way']})" if row.get("way") else ""
    return " ".join(dict.fromkeys(word for word in (row["index"], point.build, point.search, way) if word))


def _equals(choice: Choice) -> str:
    """ "as fast within the noise: annoy trees=50, flat and 3 more" """
    named, more = choice.equals[:_NAMED], len(choice.equals) - _NAMED
    return f"  as fast within the noise: {', '.join(named)}" + (f" and {more} more" if more > 0 else "")


def _figures(choice: Choice) -> str:
    about = "about " if choice.grown.model else ""
    row, grown = choice.row, choice.grown
    who = f"for {row['case']}" if "clients" in row else f"on {measured.in_threads(row['threads'])}"
    between = f" ({significant(grown.qps_low)} to {significant(grown.qps_high)})" if grown.model else ""
    figures = [
        f"recall {measured.recall(choice.row):.4f}",
        f"{about}{significant(grown.qps)} QPS{between} {who}",
    ]
    figures.append(f"{about}{in_bytes(choice.grown.memory)} of memory in all")
    figures += [f"index {about}{in_bytes(choice.grown.index_bytes)}"] if choice.grown.index_bytes else []
    figures.append(f"{'very roughly ' if choice.vague else about}{in_time(choice.grown.build_seconds)} to build")
    figures += tracks.get(choice.row["track"]).Track.figures(choice.row) if choice.row["track"] else []
    return ", ".join(figures)
