"""Unfinished: the points that the last sweep is to measure, noted beside them until each is measured or has failed."""

import json
from collections.abc import Iterable
from pathlib import Path

from ann_bench.results import results
from datasets.files.whole import beside

_NAME = "unfinished.json"


def begin(folder: Path, points: Iterable[Path]) -> None:
    """Note where a sweep is going to write its points in ``folder``, results/<dataset>/<k>.

    A sweep that was not finished stays noted while only some of its own points are measured.
    """
    names = {str(path.relative_to(folder)) for path in points}
    if names <= set(_read(folder)):
        return
    folder.mkdir(parents=True, exist_ok=True)
    with beside(folder / _NAME) as part:
        part.write_text(json.dumps(sorted(names), indent=1))


def end(folder: Path) -> None:
    """Forget the sweep, unless some of its points are still missing: it was another that ended."""
    if not _missing(folder):
        (folder / _NAME).unlink(missing_ok=True)


def words(folder: Path) -> str:
    """One line about a sweep that is not finished; "" where all are."""
    if not _missing(folder):
        return ""
    names = _read(folder)
    measured = sum((folder / name).exists() for name in names)
    return f"the sweep is not finished: {measured} of {len(names)} points measured; the same run goes on"


def _missing(folder: Path) -> list[Path]:
    """Where noted points are neither measured nor failed."""
    paths = [folder / name for name in _read(folder)]
    return [path for path in paths if not path.exists() and not results.failed(path).exists()]


def _read(folder: Path) -> list[str]:
    try:
        return json.loads((folder / _NAME).read_text())
    except (OSError, ValueError):
        return []
