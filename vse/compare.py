"""Several losses of image-text embedding trained alike, each with several seeds: one table of means and deviations."""

import dataclasses
import itertools
from collections.abc import Sequence
from pathlib import Path

from embedding.compare import Rows, mean_and_deviation, once
from embedding.evaluation.table import aligned
from embedding.losses.base import own_settings
from embedding.training.journal import read_lines
from vse import losses
from vse.options import OWN, VseOptions
from vse.train import train

_ROW = "test"


def compare(
    options: VseOptions, names: Sequence[str], seeds: Sequence[int], *, splits: Sequence[str] | None = None
) -> str:
    """Train every loss of ``names`` with every seed, and return the table of their scores on the test part.

    splits : values of --split-words, with each of which that is done; with that of ``options`` if not given

    The runs stand in ``options.runs / options.name``; one that was finished before, with the same options, is not run
    again. A run that diverges is said so in the table, and the others go on. A setting of a loss (``OWN``) is given to
    those of ``names`` that have it.
    """
    if splits is None:
        return table({name: [_run(options, name, seed) for seed in seeds] for name in names})
    found = {}
    for name, way in itertools.product(names, splits):
        parted = dataclasses.replace(options, name=f"{options.name}/{way}", split_words=way)
        found[f"{name}, {way}"] = [_run(parted, name, seed) for seed in seeds]
    return table(found)


def table(found: dict[str, list[Rows]]) -> str:
    """Lines of text: a row a loss with mean and standard deviation of every score, and the mean time to train.

    found : for every loss its runs, {row: scores}; a run that diverged is empty
    """
    runs = [run for several in found.values() for run in several if run]
    if not runs:
        return "all runs diverged: give a lower --lr"
    scores = [name for name in runs[0][_ROW] if name[:4] in ("i2t ", "t2i ") and "meanr" not in name] + ["rsum"]
    title = f"{runs[0][_ROW]['data']}, {max(map(len, found.values()))} seed(s)"
    return aligned([[title, *scores, "seconds"], *(_row(name, several, scores) for name, several in found.items())])


def _row(name: str, runs: Sequence[Rows], scores: Sequence[str]) -> list[str]:
    lines = [run[_ROW] for run in runs if run]
    failed = "" if len(lines) == len(runs) else f" ({len(runs) - len(lines)} of {len(runs)} diverged)"
    cells = [mean_and_deviation([line[score] for line in lines], digits=1) if lines else "" for score in scores]
    seconds = f"{sum(line['seconds'] for line in lines) / len(lines):.0f}" if lines else ""
    return [name + failed, *cells, seconds]


def _run(options: VseOptions, name: str, seed: int) -> Rows:
    """{row: scores} of one run, from its folder where it was finished before."""
    taken = own_settings(losses.get(name).Loss)
    own = {setting: getattr(options, setting) if setting in taken else None for setting in OWN}
    runs = options.runs / options.name
    asked = dataclasses.replace(options, runs=runs, name=f"{name}-{seed}", loss=name, seed=seed, report=False, **own)
    return once(asked.runs / asked.name, dataclasses.asdict(asked), lambda: _rows(train(asked)))


def _rows(folder: Path) -> Rows:
    """The scores of a run by row; that of the test part with the seconds that its epochs took."""
    lines = read_lines(folder / "metrics.jsonl")
    rows = {line["row"]: line for line in lines if line["kind"] == "scores"}
    rows[_ROW]["seconds"] = sum(line["seconds"] for line in lines if line["kind"] == "epoch")
    return rows
