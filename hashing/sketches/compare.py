"""Vectors and codes of sketches and photographs, each with several seeds, beside the untrained trunk: one table."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path

from embedding.compare import Rows, mean_and_deviation, once
from embedding.evaluation.judge import Scores
from embedding.evaluation.table import aligned
from embedding.sketches.build import VECTORS, Kind
from embedding.sketches.judge import TRUNK
from embedding.sketches.net import TwoSided
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
    again. What needs no training is judged in the first run of each length alone.
    """
    found: Found = {}
    for length, names in ((0, losses), *((length, methods) for length in bits)):
        for name in names:
            found[name, length] = [
                _run(options, name, length, seed, first=name == names[0] and seed == seeds[0]) for seed in seeds
            ]
    return table(found)


def table(found: Found) -> str:
    """Lines of text: the untrained trunk, then for each length a row a baseline and a row a method, with mean and
    standard deviation.
    """
    runs = [run for several in found.values() for run in several if run]
    if not runs:
        return "all runs diverged: give a lower --lr"
    scores = [name for name in runs[0]["last"] if name.partition(" ")[2].startswith(_SHOWN)]
    rows = [_row(TRUNK, 0, [run[TRUNK]], scores, 0) for run in runs if TRUNK in run][:1]
    for (method, length), several in found.items():
        good = [run for run in several if run]
        rows += [
            _row(name, length, [run[name]], scores, 0) for run in good for name in baselines.names() if name in run
        ]
        rows.append(_row(method, length, [run["last"] for run in good], scores, len(several) - len(good)))
    title = f"{runs[0]['last']['data']}, {max(map(len, found.values()))} seed(s)"
    return aligned([[title, "bits", *scores, _SECONDS], *rows])


def _row(name: str, bits: int, lines: Sequence[Line], scores: Sequence[str], failed: int) -> list[str]:
    cells = [mean_and_deviation([line[score] for line in lines], digits=3) if lines else "" for score in scores]
    timed = [line[_SECONDS] for line in lines if _SECONDS in line]
    seconds = f"{sum(timed) / len(timed):.0f}" if timed else ""
    return [name + (f" ({failed} diverged)" if failed else ""), str(bits or "-"), *cells, seconds]


def _run(options: SketchHashOptions, name: str, bits: int, seed: int, *, first: bool) -> Rows:
    """{row: scores} of one run, from its folder where it was finished before; of vectors where ``bits`` is 0."""
    called = {"runs": options.runs / options.name, "name": f"{name}-{bits}-{seed}" if bits else f"{name}-{seed}"}
    asked: SketchOptions
    if bits:
        asked, kind = replace(options, method=name, bits=bits, seed=seed, report=False, **called), CODES
    else:
        plain = SketchOptions(**{field.name: getattr(options, field.name) for field in fields(SketchOptions)})
        asked, kind = replace(plain, loss=name, seed=seed, report=False, **called), VECTORS
    made = kind if first else _of_training_alone(kind)
    return once(asked.runs / asked.name, asdict(asked), lambda: _rows(train(asked, made)))


def _of_training_alone(kind: Kind) -> Kind:
    """The same, whose judge leaves out what needs no training."""

    class Judge(kind.judge):
        def untrained(self, net: TwoSided) -> Iterator[tuple[str, Scores]]:
            return iter(())

    return replace(kind, judge=Judge)


def _rows(folder: Path) -> Rows:
    """The scores of a run by row; what it ends with is called "last", with the seconds that its training took."""
    lines = read_lines(folder / "metrics.jsonl")
    rows = {line["row"]: line for line in lines if line["kind"] == "scores"}
    rows["last"] = {
        **rows.get("best", rows["last"]),
        "seconds": sum(e["seconds"] for e in lines if e["kind"] == "epoch"),
    }
    return rows
