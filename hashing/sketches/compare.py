"""Vectors and codes of sketches and photographs, each with several seeds, beside the untrained trunk: one table."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from embedding.compare import Rows, mean_and_deviation, once
from embedding.evaluation.table import aligned
from embedding.sketches.judge import TRUNK
from embedding.sketches.options import SketchOptions
from embedding.sketches.train import train
from embedding.training.journal import Line, read_lines
from hashing import baselines
from hashing.sketches.build import CODES
from hashing.sketches.options import SketchHashOptions

# What the table shows: mAP over the whole ranking and precision among the first, of seen classes and of unseen ones.
_SHOWN = ("map@all", "map@all untrained", "precision@")
_SECONDS = "seconds"

Found = dict[tuple[str, int], list[Rows]]  # method and bits, 0 of vectors -> runs, {row: scores}; one that diverged: {}


def compare(
    options: SketchHashOptions, losses: Sequence[str], methods: Sequence[str], bits: Sequence[int], seeds: Sequence[int]
) -> str:
    """Train vectors with every one of ``losses`` and codes with every one of ``methods`` at every length, each with
    every seed, and return the table.

    The runs stand in ``options.runs / options.name``; one that was finished before, with the same options, is not run
    again. What needs no training is of the first run of its length.
    """
    found: Found = {(loss, 0): [_vectors(options, loss, seed) for seed in seeds] for loss in losses}
    for length in bits:
        found |= {(method, length): [_codes(options, method, length, seed) for seed in seeds] for method in methods}
    return table(found)


def table(found: Found) -> str:
    """Lines of text: the untrained trunk, then for each length a row a baseline and a row a method, with mean and
    standard deviation.
    """
    runs = [run for several in found.values() for run in several if run]
    if not runs:
        return "all runs diverged: give a lower --lr"
    scores = [name for name in runs[0][TRUNK] if name.partition(" ")[2].startswith(_SHOWN)]
    rows, made = [_row(TRUNK, 0, [runs[0][TRUNK]], scores, 0)], set()
    for (method, length), several in found.items():
        good = [run for run in several if run]
        for name in [name for name in baselines.names() if length not in made and good and name in good[0]]:
            rows.append(_row(name, length, [run[name] for run in good], scores, 0))
        made |= {length} if good else set()
        rows.append(_row(method, length, [run["last"] for run in good], scores, len(several) - len(good)))
    title = f"{runs[0][TRUNK]['data']}, {max(map(len, found.values()))} seed(s)"
    return aligned([[title, "bits", *scores, _SECONDS], *rows])


def _row(name: str, bits: int, lines: Sequence[Line], scores: Sequence[str], failed: int) -> list[str]:
    cells = [mean_and_deviation([line[score] for line in lines], digits=3) if lines else "" for score in scores]
    timed = [line[_SECONDS] for line in lines if _SECONDS in line]
    seconds = f"{sum(timed) / len(timed):.0f}" if timed else ""
    return [name + (f" ({failed} diverged)" if failed else ""), str(bits or "-"), *cells, seconds]


def _vectors(options: SketchHashOptions, loss: str, seed: int) -> Rows:
    plain = {field.name: getattr(options, field.name) for field in dataclasses.fields(SketchOptions)}
    asked = _named(SketchOptions(**plain), options, f"{loss}-{seed}", loss=loss, seed=seed)
    return once(asked.runs / asked.name, dataclasses.asdict(asked), lambda: _rows(train(asked)))


def _codes(options: SketchHashOptions, method: str, bits: int, seed: int) -> Rows:
    asked = _named(options, options, f"{method}-{bits}-{seed}", method=method, bits=bits, seed=seed)
    return once(asked.runs / asked.name, dataclasses.asdict(asked), lambda: _rows(train(asked, CODES)))


def _named(made: SketchOptions, options: SketchHashOptions, name: str, **changed: object) -> SketchOptions:
    return dataclasses.replace(made, runs=options.runs / options.name, name=name, report=False, **changed)


def _rows(folder: Path) -> Rows:
    """The scores of a run by row; what it ends with is called "last", with the seconds that its training took."""
    lines = read_lines(folder / "metrics.jsonl")
    rows = {line["row"]: line for line in lines if line["kind"] == "scores"}
    rows["last"] = {
        **rows.get("best", rows["last"]),
        "seconds": sum(e["seconds"] for e in lines if e["kind"] == "epoch"),
    }
    return rows
