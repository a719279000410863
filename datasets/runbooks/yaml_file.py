"""Runbooks in YAML, as the streaming track of big-ann-benchmarks (NeurIPS'23) has them, read and written.

A file maps sets to their steps, numbered from 1; besides them stand max_pts, the most rows that are alive at once, and
gt_url, an address that nothing is read from: what is true is computed here.

    msturing-10M:
      max_pts: 6000
      1: {operation: insert, start: 0, end: 6000}
      2: {operation: search}
      3: {operation: delete, start: 100, end: 200}
      4: {operation: replace, tags_start: 0, tags_end: 50, ids_start: 7000, ids_end: 7050}

Ours may have ``order``, the .npy file beside it with the row of the set that each id is: classes of rows that come and
go together are ranges of ids only in an order of their own.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import yaml

from datasets.errors import InputError, unknown
from datasets.files import yaml_file
from datasets.files.whole import beside
from datasets.runbooks.runbook import DELETE, INSERT, OPERATIONS, REPLACE, SEARCH, Runbook, Step

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # some runbooks have thousands of steps
_RANGES = {INSERT: ("start", "end"), DELETE: ("start", "end"), SEARCH: ()}
_RANGES[REPLACE] = ("tags_start", "tags_end", "ids_start", "ids_end")


def read(path: Path, data: str, *, only: str = "") -> Runbook:
    """The steps that the file has for the set ``data``, or for the only one in it.

    only : the name under which they stand there, where it is another
    Raises InputError naming the file and the first step that cannot be.
    """
    where = f"--runbook={path}"
    name, entries = _of_set(_content(path, where), data, only, where)
    where = f"{where}: {name}"
    if not isinstance(entries, Mapping):
        raise InputError(f"{where}: must have steps that are numbered from 1")
    steps = _steps(entries, where)
    order = _order(entries.get("order"), path, where)
    most = entries.get("max_pts", 0)
    if not _is_count(most):
        raise InputError(f"{where}: max_pts must be a whole number of at least 0, not '{most}'")
    return Runbook(path.stem, steps, where, most, order)


def write(path: Path, runbook: Runbook, data: str, most: int) -> list[Path]:
    """Write the steps for the set ``data``, and the order beside them where there is one; the files written.

    most : how many rows are alive at once
    """
    if path.suffix not in (".yaml", ".yml"):
        raise InputError(f"--to={path}: must end in .yaml")
    entries: dict[object, object] = {"max_pts": most}
    files = [path]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if runbook.order is not None:
            files.append(path.with_suffix(".order.npy"))
            entries["order"] = files[-1].name
            with beside(files[-1]) as part, part.open("wb") as stream:
                np.save(stream, runbook.order)
        entries |= {place: _entry(step) for place, step in enumerate(runbook.steps, 1)}
        with beside(path) as part:
            part.write_text(yaml.safe_dump({data: entries}, sort_keys=False))
    except OSError as error:
        raise InputError(f"--to={path}: cannot be written ({error.strerror})") from error
    return files


def _entry(step: Step) -> dict[str, object]:
    values = (step.start, step.end, step.vectors.start, step.vectors.stop)
    return {"operation": step.operation, **dict(zip(_RANGES[step.operation], values, strict=False))}


def _content(path: Path, where: str) -> Mapping[object, object]:
    wanted = "a set of vectors to its steps, numbered from 1"
    return yaml_file.mapping(path, where=where, wanted=wanted, loader=_LOADER)


def _of_set(content: Mapping[object, object], data: str, only: str, where: str) -> tuple[str, object]:
    names = list(map(str, content))
    name = only or (data if data in names or len(names) > 1 else names[0])
    if name not in names:
        mend = "" if only else "; --runbook-set says whose steps to take"
        raise InputError(f"{where}: {unknown('set', name, names)}{mend}")
    return name, content[list(content)[names.index(name)]]


def _steps(entries: Mapping[object, object], where: str) -> tuple[Step, ...]:
    numbers = sorted(key for key in entries if isinstance(key, int))
    if not numbers or numbers != list(range(1, len(numbers) + 1)):
        lacking = next((n for n, there in enumerate(numbers, 1) if n != there), len(numbers) + 1)
        raise InputError(f"{where}: step {lacking} is missing; steps are numbered from 1 without a gap")
    return tuple(_step(entries[number], f"{where}: step {number}") for number in numbers)


def _step(entry: object, where: str) -> Step:
    if not isinstance(entry, Mapping) or "operation" not in entry:
        raise InputError(f"{where}: must have operation: {', '.join(OPERATIONS)}")
    operation = entry["operation"]
    if operation not in OPERATIONS:
        raise InputError(f"{where}: {unknown('operation', str(operation), OPERATIONS)}")
    values = [entry.get(key) for key in _RANGES[operation]]
    for key, value in zip(_RANGES[operation], values, strict=True):
        if not _is_count(value):
            raise InputError(f"{where}: {operation} needs {key}, a whole number of at least 0, not '{value}'")
    for first, last in zip(values[::2], values[1::2], strict=True):
        if last < first:
            raise InputError(f"{where}: {operation} ends at {last:,}, before its start {first:,}")
    if operation == REPLACE and values[1] - values[0] != values[3] - values[2]:
        given = f"{values[1] - values[0]:,} tags by {values[3] - values[2]:,} ids"
        raise InputError(f"{where}: replaces {given}; there must be as many")
    return Step(operation, *values[:3])


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _order(named: object, path: Path, where: str) -> np.ndarray | None:
    if named is None:
        return None
    try:
        order = np.load(path.parent / str(named), allow_pickle=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{where}: order: {path.parent / str(named)} cannot be read ({error})") from error
    if order.ndim != 1 or not np.issubdtype(order.dtype, np.integer) or len(np.unique(order)) != len(order):
        raise InputError(f"{where}: order: {named} must hold one row number an id, none of them twice")
    return order.astype(np.int64)
