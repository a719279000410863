"""Export: every measured point with all that is known of it, as CSV or JSON lines."""

import csv
import io
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ann_bench.results import results
from ann_bench.results.points import Row
from datasets.errors import InputError
from datasets.files.whole import beside

_SUFFIXES = (".csv", ".jsonl")


@dataclass(frozen=True)
class ExportOptions:
    """Write every measured point, with all that is known of it, to one CSV or JSON lines file."""

    out: Path = Path("results")
    """The results folder of `run`."""
    data: str = ""
    """Only this dataset; all by default."""
    k: int = 0
    """Only this k; all by default."""
    mode: str = ""
    """single or batch; both by default."""
    track: str = ""
    """Points of this way of asking: filter, stream, range, foreign or clients; the k nearest of all by default."""
    to: Path = Path("results.csv")
    """The file to write: .csv, or .jsonl for a JSON object a line."""


def main(options: ExportOptions) -> None:
    """Write the file and say how many points it holds."""
    found = [result.row for result in results.read_all(options.out / options.track, data=options.data, k=options.k)]
    rows = [row for row in found if options.mode in ("", row["mode"])]
    if not rows:
        asked = "".join(
            f" --{flag}={value}" for flag, value in vars(options).items() if value and flag not in ("out", "to")
        )
        raise InputError(f"--out={options.out}: there are no results{' of' + asked if asked else ''} in this folder")
    write(rows, options.to)
    logging.info("%d points: %s", len(rows), options.to)


def write(rows: Sequence[Row], path: Path) -> None:
    """Write the rows as .csv (what is no number or text as JSON) or .jsonl, whole or not at all.

    Raises InputError for another suffix, and where the file cannot be written.
    """
    if path.suffix not in _SUFFIXES:
        raise InputError(f"--to={path}: must end in {' or '.join(_SUFFIXES)}")
    text = _csv(rows) if path.suffix == ".csv" else "".join(json.dumps(dict(row)) + "\n" for row in rows)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside(path) as part:
            part.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise InputError(f"--to={path}: cannot be written ({error.strerror})") from error


def _csv(rows: Sequence[Row]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(
            [json.dumps(value) if isinstance(value, dict | list) else value for value in map(row.get, columns)]
        )
    return stream.getvalue()
