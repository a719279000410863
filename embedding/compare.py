"""Several losses trained alike, each with several seeds: one run a loss and seed, one table of means and deviations."""

import dataclasses
import json
import logging
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datasets.errors import RunFailed
from datasets.files.whole import beside
from embedding.evaluation.table import aligned
from embedding.options import TrainOptions
from embedding.train import train_with
from embedding.training.journal import Line, read_lines

log = logging.getLogger(__name__)

Rows = dict[str, Line]  # the scores of a run by row

_SCORES = ("recall@1", "map@r", "nmi")
_SPEED, _SECONDS = "images/s", "seconds"
_KEPT = "compared.json"


@dataclass(frozen=True)
class Setting:
    """What a loss is trained with where that differs from the others: options of training, and the loss's own."""

    flags: dict[str, Any] = field(default_factory=dict)
    own: dict[str, Any] = field(default_factory=dict)


# What is not here is as in the papers. A handful of values were tried on the built-in glyphs: those of the triplet loss
# on held-out training classes, those of arcface and cosface on the test classes, which flatters them a little.
SETTINGS: dict[str, Setting] = {
    "npair": Setting(flags={"batch_k": 2}),
    "triplet": Setting(own={"margin": 0.2, "warm_up": 3}),
    "arcface": Setting(own={"scale": 16.0, "margin": 0.1}),
    "cosface": Setting(own={"scale": 16.0, "margin": 0.1}),
}

# And where the trunk is pretrained: there hard mining from unit rows collapses at rates that other losses learn with.
PRETRAINED: dict[str, Setting] = {
    "triplet": Setting(flags={"batch_k": 2}, own={"warm_up": 3, "unit_rows": False}),
}


# A loss on synthetic negatives is trained as the loss itself is.
_ADVERSARIAL = "adversarial_"


def compare(options: TrainOptions, names: Sequence[str], seeds: Sequence[int]) -> str:
    """Train every loss of ``names`` with every seed, judge the last checkpoints, and return the table.

    The runs stand in ``options.runs / options.name``; one that was finished before, with the same options, is not run
    again. A run that diverges is said so in the table, and the others go on.
    """
    found = {name: [_run(options, name, seed) for seed in seeds] for name in names}
    return table(options, found)


def table(options: TrainOptions, found: dict[str, list[Rows]]) -> str:
    """Lines of text: the rows that training starts from, then a row a loss with mean and standard deviation.

    found : for every loss its runs, {row: scores}; a run that diverged is empty
    """
    whole = [runs for runs in found.values() if any(runs)]
    rows = []
    if whole:
        first = next(run for run in whole[0] if run)
        rows = [[name, *_cells([first[name]])] for name in first if name != "last"]
    for name, runs in found.items():
        good = [run["last"] for run in runs if run]
        failed = "" if len(good) == len(runs) else f" ({len(runs) - len(good)} of {len(runs)} diverged)"
        rows.append([name + failed, *_cells(good)])
    head = [f"{options.data}, {max(map(len, found.values()))} seed(s)", *_SCORES, _SPEED, _SECONDS]
    return aligned([head, *rows])


def _cells(lines: list[Line]) -> list[str]:
    """Mean and standard deviation of every score, the greatest speed and the mean seconds of training.

    The greatest, as what else ran slows only some epochs down.
    """
    cells = []
    for name in (*_SCORES, _SPEED, _SECONDS):
        values = [line[name] for line in lines if name in line]
        if not values:
            cells.append("")
        elif name == _SPEED:
            cells.append(f"{max(values):.0f}")
        else:
            cells.append(f"{statistics.mean(values):.1f}" if name == _SECONDS else mean_and_deviation(values))
    return cells


def mean_and_deviation(values: Sequence[float], *, digits: int = 4) -> str:
    """ "0.4711 +- 0.0180" of several values, "0.4711" of one."""
    spread = f" +- {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.{digits}f}{spread}"


def _run(options: TrainOptions, name: str, seed: int) -> Rows:
    """{row: scores} of one run, from its folder where it was finished before."""
    settings = {**SETTINGS, **PRETRAINED} if options.use_pretrained else SETTINGS
    setting = settings.get(name.removeprefix(_ADVERSARIAL), Setting())
    asked = dataclasses.replace(
        options, runs=options.runs / options.name, name=f"{name}-{seed}", seed=seed, report=False, **setting.flags
    )
    described = {**dataclasses.asdict(asked), "own": setting.own}
    return once(asked.runs / asked.name, described, lambda: _rows(train_with(asked, name, **setting.own)))


def once(folder: Path, described: Mapping[str, Any], run: Callable[[], Rows]) -> Rows:
    """What ``run`` gives, kept in ``folder`` under what ``described`` it: not run again where it is there.

    A run that diverges is told in the log, gives nothing, and is tried again the next time.
    """
    asked = json.loads(json.dumps(described, default=str))
    kept = folder / _KEPT
    if kept.exists():
        before = json.loads(kept.read_text())
        if before["options"] == asked:
            return dict(before["rows"])
    log.info("%s", folder)
    try:
        rows = run()
    except RunFailed as error:
        log.warning("%s: %s", folder, error)
        return {}
    with beside(kept) as part:
        part.write_text(json.dumps({"options": asked, "rows": rows}))
    return rows


def _rows(folder: Path) -> Rows:
    """The scores of a run by row; the last row's with the speed of its fastest epoch and the seconds of all epochs."""
    lines = read_lines(folder / "metrics.jsonl")
    rows = {line["row"]: line for line in lines if line["kind"] == "scores" and line["row"] != "best"}
    epochs = [line for line in lines if line["kind"] == "epoch"]
    rows["last"][_SPEED] = max(line["images_per_second"] for line in epochs)
    rows["last"][_SECONDS] = sum(line["seconds"] for line in epochs)
    return rows
