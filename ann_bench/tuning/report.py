"""Report: what a search ended with, as text and as a page: the best, how to build and serve it, why the rest lost."""

import math
import shlex
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import jinja2

from ann_bench import views
from ann_bench.indexes.base import Grid
from ann_bench.results import extrapolate, points, results
from ann_bench.results.families import family, styles
from ann_bench.results.results import Point, Result
from ann_bench.results.saved_index import Saved
from ann_bench.sweep import builds
from ann_bench.tracks.base import TrackFlags, as_words
from ann_bench.tuning.journal import Outcome
from ann_bench.tuning.options import TuneOptions
from ann_bench.tuning.search import BETTER, FOR_WHOLE, Search
from ann_bench.units import in_bytes, in_time, significant
from ann_bench.views import recommend
from datasets.files.whole import write_page
from datasets.sources.vector_source import Source

_TEMPLATES = Path(views.__file__).parent / "templates"
_MISSES = 3


def text(search: Search) -> str:
    """The best with its interval and its equals, how to build it and how to serve it; or the nearest misses."""
    best = search.best
    if not best:
        good = [] if search.measured else [one for one in search.sampled.values() if one.reached]
        where = "asked once over them" if any(one.rows == search.count for one in good) else "on a sample"
        words = f"nothing was measured in full over all vectors; {where}:"
        words = words if good else "nothing reaches the recall; the nearest:"
        return "\n".join([_ended(search), "", words, *_misses(search)])
    row = measured(search, best).row
    low, high = row["qps_low"], row["qps_high"]
    lines = [_ended(search), "", best.title]
    figures = [
        f"recall {best.recall:.4f}",
        f"{significant(row['qps'])} QPS ({significant(low)} to {significant(high)}){best.alone}",
    ]
    figures += [f"{in_bytes(row['search_peak_bytes'])} of memory in all"] if row.get("search_peak_bytes") else []
    figures += [f"index {in_bytes(best.index_bytes)}"] if best.index_bytes else []
    lines += ["  " + ", ".join([*figures, f"{in_time(best.build_seconds)} to build"])]
    lines += [f"  as fast within the noise: {one.title}, {one.figures}" for one in equals(search)]
    lines += [
        f"  faster, asked once, but there was no time for more: {one.title}, {one.figures}" for one in faster(search)
    ]
    if search.no_time:
        words = f"{len(search.no_time)} builds did not fit into the time"
        lines += [f"  {words}; the same with --budget={budget_for_all(search)} goes on with them"]
    lines += ["", "build it", "  " + build_command(search, best), "", "serve it"]
    lines += ["  " + line for line in serving(search, best).splitlines()]
    return "\n".join([*lines, "", "the rest", *_lost(rest(search))])


def _ended(search: Search) -> str:
    tried = f"{len(search.sampled)} builds on samples, {len(search.full)} in full"
    return f"{tried}, in {in_time(search.options.budget_seconds() - search.left)} of {search.options.budget}"


def _misses(search: Search) -> list[str]:
    known = [one for one in [*search.full.values(), *search.sampled.values()] if one.qps]
    full = [one for one in known if one.full] or known
    best: dict[str, Outcome] = {}
    for one in sorted(full, key=lambda one: (not one.reached, -one.qps if one.reached else -one.recall)):
        best.setdefault(one.family, one)
    near = [
        f"  {one.title}: {'; '.join(word for word in (one.figures, one.reason) if word)}"
        for one in list(best.values())[:_MISSES]
    ]
    return near + _lost(rest(search))


def point_of(search: Search, outcome: Outcome) -> Point:
    """The point that an outcome over all was measured as."""
    plan = [(outcome.index, Grid(outcome.build, {name: (value,) for name, value in outcome.search.items()}))]
    trials = search.trials
    points = builds.of_plan(plan, trials.run_options, trials.vector_set, trials.track)[0].points
    return next(point for point in points if point.way == outcome.way)


def equals(search: Search) -> list[Outcome]:
    """What else was measured over all and is as fast as the best, within the noise."""
    best = search.best
    first = _alone(search, best)
    others = [one for one in search.full.values() if one.reached and one is not best]
    return [one for one in others if points.as_fast(first, _alone(search, one))]


def faster(search: Search) -> list[Outcome]:
    """What beat the best where it was asked once over all rows, and there was no time to measure it in full."""
    known = [search.sampled[key] for key in search.no_time if key in search.sampled]
    good = [one for one in known if one.reached and one.rows == search.count and one.qps > BETTER * search.bound]
    return sorted(good, key=lambda one: -one.qps)


def budget_for_all(search: Search) -> str:
    """About what would do for all that was left out, by what those that were tried took: "3min"."""
    tried, budget = max(1, len(search.sampled) + len(search.full)), search.options.budget_seconds()
    seconds = (budget - search.left) * (tried + len(search.no_time)) / tried / (1 - FOR_WHOLE)
    return f"{math.ceil(max(seconds, 2 * budget) / 60)}min"


def _alone(search: Search, outcome: Outcome) -> points.Row:
    """The row of an outcome over all, its QPS without the waiting for a core, by which the best is chosen."""
    row = measured(search, outcome).row
    times = outcome.qps / (outcome.timed or outcome.qps)
    return {**row, **{name: row[name] * times for name in ("qps", "qps_low", "qps_high")}}


def measured(search: Search, outcome: Outcome) -> Result:
    """The result of an outcome over all."""
    return results.read(point_of(search, outcome).path(search.options.out))


def build_command(search: Search, best: Outcome) -> str:
    """What builds, measures and keeps it."""
    options = search.options
    row = measured(search, best).row
    grown = extrapolate.grow(row, row["gallery"])
    command = recommend.command(row, grown, options.data)
    words = shlex.split(command)
    return shlex.join([*words, *_asked_with(options, words)])


def _asked_with(options: TuneOptions, given: Sequence[str]) -> list[str]:
    """The flags of the set and of the track that the ``given`` words of a recommendation leave out."""
    told = {"data", "metric", "track", "k"}
    named = [field for field in fields(TrackFlags) + fields(Source) if field.name not in told]
    words = {field.name: getattr(options, field.name) for field in named}
    changed = {field.name for field in named if words[field.name] != field.default}
    words = {name: value for name, value in words.items() if name in changed}
    words |= {"out": options.out} if str(options.out) != "results" else {}
    return as_words({name: value for name, value in words.items() if f"--{name.replace('_', '-')}" not in given})


def kept(search: Search) -> Saved | None:
    """The index of the best, marked to be kept; None where it is not there."""
    saved = search.trials.saved(search.best)
    if not saved.exists:
        return None
    saved.keep()
    return saved


def serving(search: Search, best: Outcome) -> str:
    """Lines of Python that load the index and search in it."""
    saved, trials = search.trials.saved(best), search.trials
    track = trials.track
    if track and not track.of_nearest:
        return f"its file: {saved.path}; ask it as --track={track.name} does"
    if track and (held := len(trials.vector_set.gallery) - track.count):
        return f"its file: {saved.path}, without the {held:,} rows that were held out; build it of all that you serve"
    index = builds.make(best.index, best.build, trials.vector_set, **trials.run_options.of_index())
    lines = index.serving(saved.path, best.search, search.options.k)
    return lines if saved.exists else f"# once it is built\n{lines}"


def rest(search: Search) -> list[tuple[str, str, str]]:
    """(family, its best figures, why it lost), the fastest first."""
    best = search.best
    names = {family(one.index, one.build) for one in search.candidates}
    found = []
    for name in names:
        if best and name == best.family:
            continue
        full = [one for one in search.full.values() if one.family == name]
        sampled = [one for one in search.sampled.values() if one.family == name]
        found.append((_worth(full, sampled), name, *_figures_and_reason(search, name, full, sampled)))
    return [line[1:] for line in sorted(found, reverse=True)]


def _worth(full: list[Outcome], sampled: list[Outcome]) -> tuple[bool, float]:
    known = full or sampled
    return bool(full), max((one.qps * one.reached for one in known), default=0.0)


def _figures_and_reason(search: Search, name: str, full: list[Outcome], sampled: list[Outcome]) -> tuple[str, str]:
    best, known = search.best, full or sampled
    if not known:
        reasons = [why for (index, build), why in search.skipped.items() if family(index, build) == name]
        return "", reasons[0] if reasons else "not tried"
    one = max(known, key=lambda one: (one.reached, one.qps if one.reached else one.recall))
    figures = one.figures
    figures += f" on {one.rows:,}" if figures and one.rows != search.count else ""
    if one.reached and full and best:
        return figures, f"slower by {(best.qps / one.qps - 1) * 100:.0f} %"
    skipped = search.skipped.get((one.index, one.meant), "")
    return figures, one.reason or skipped or "not tried in full"


def _lost(lines: Sequence[tuple[str, str, str]]) -> list[str]:
    """A line a family; those that were not measured for one and the same reason share theirs."""
    found: dict[str, list[str]] = {}
    for name, figures, reason in lines:
        found.setdefault("; ".join(word for word in (figures, reason) if word), []).append(name)
    return [f"  {', '.join(names)}: {words}" for words, names in found.items()]


def page(search: Search) -> Path:
    """Write the page of the search and return its path."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"in_bytes": in_bytes, "in_time": in_time, "significant": significant}
    outcomes = [*search.full.values(), *search.sampled.values()]
    style = styles({one.family for one in outcomes} | {family(one.index, one.build) for one in search.candidates})
    best = search.best
    body = environment.get_template("tuned.html.j2").render(
        name=search.trials.vector_set.name,
        options=search.options,
        count=search.count,
        ended=_ended(search),
        best=best,
        command=build_command(search, best) if best else "",
        serving=serving(search, best) if best else "",
        equals=equals(search) if best else [],
        rest=rest(search),
        outcomes=sorted(outcomes, key=lambda one: (-one.rows, not one.reached, -one.qps)),
        skipped=search.skipped,
        colour={name: kind.colour for name, kind in style.items()},
    )
    return write_page(search.trials.folder / search.trials.journal.path.stem, body)
