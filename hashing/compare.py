"""Several methods of hashing at several code lengths, each with several seeds, beside codes made without training."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

from embedding.compare import Rows, mean_and_deviation, once
from embedding.evaluation.table import aligned
from embedding.training.journal import read_lines
from hashing import baselines
from hashing.options import HashOptions
from hashing.train import train


def compare(options: HashOptions, methods: Sequence[str], bits: Sequence[int], seeds: Sequence[int]) -> str:
    """Train every one of ``methods`` at every length with every seed, and return the table.

    The runs stand in ``options.runs / options.name``; one that was finished before, with the same options, is not run
    again. Codes made without training are of the same features, by the runs of the first method that did not diverge.
    """
    found = {
        (method, length): [_run(options, method, length, seed) for seed in seeds]
        for length in bits
        for method in methods
    }
    return table(found)


def table(found: dict[tuple[str, int], list[Rows]]) -> str:
    """Lines of text: for each length a row a baseline and a row a method, with mean and standard deviation.

    found : for every method and length its runs, {row: scores}; a run that diverged is empty
    """
    return table_of(found, beside=baselines.names(), shown=lambda name: name.startswith(("map@", "precision@h")))


def table_of(found: dict[tuple[str, int], list[Rows]], *, beside: Sequence[str], shown: Callable[[str], bool]) -> str:
    """``table`` with the baselines ``beside`` which have rows in the runs, and the scores that are ``shown``."""
    runs = [run for several in found.values() for run in several if run]
    if not runs:
        return "all runs diverged: give a lower --lr"
    scores = [name for name in runs[0]["last"] if shown(name)]
    rows = []
    for length in dict.fromkeys(length for _, length in found):
        of_length = {method: several for (method, bits), several in found.items() if bits == length}
        first = next((good for several in of_length.values() if (good := [run for run in several if run])), [])
        made = [name for name in beside if first and all(name in run for run in first)]
        rows += [_row(name, length, [run[name] for run in first], scores, 0) for name in made]
        for method, several in of_length.items():
            good = [run["last"] for run in several if run]
            rows.append(_row(method, length, good, scores, len(several) - len(good)))
    title = f"{runs[0]['last']['data']}, {max(map(len, found.values()))} seed(s)"
    return aligned([[title, "bits", *scores, "seconds"], *rows])


def _row(name: str, bits: int, lines: Sequence[dict], scores: Sequence[str], failed: int) -> list[str]:
    cells = [mean_and_deviation([line[score] for line in lines]) if lines else "" for score in scores]
    seconds = f"{sum(line['seconds'] for line in lines) / len(lines):.1f}" if lines else ""
    return [name + (f" ({failed} diverged)" if failed else ""), str(bits), *cells, seconds]


def _run(options: HashOptions, method: str, bits: int, seed: int) -> Rows:
    """{row: scores and seconds} of one run, from its folder where it was finished before."""
    asked = dataclasses.replace(
        options,
        runs=options.runs / options.name,
        name=f"{method}-{bits}-{seed}",
        method=method,
        bits=bits,
        seed=seed,
        report=False,
    )
    return once(asked.runs / asked.name, dataclasses.asdict(asked), lambda: rows_of(train(asked)))


def rows_of(folder: Path) -> Rows:
    """The scores of a run by row, each with the seconds that its training took."""
    lines = read_lines(folder / "metrics.jsonl")
    rows = {line["row"]: line for line in lines if line["kind"] == "scores"}
    for line in lines:
        if line["kind"] == "baseline":
            rows[line["row"]]["seconds"] = line["seconds"]
    rows["last"]["seconds"] = sum(line["seconds"] for line in lines if line["kind"] == "epoch")
    return rows
