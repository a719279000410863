"""What a sweep builds and tunes: by default for the size of the set, from a YAML file, or from the command line."""

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ann_bench import indexes
from ann_bench.indexes.base import Grid, Value
from ann_bench.sweep import sizes
from datasets.errors import InputError, unknown
from datasets.files import yaml_file

Plan = list[tuple[str, Grid]]  # (index, what to build of it)
READY_MADE = Path(__file__).parent.parent / "grids"


def default(names: Sequence[str], *, count: int, dim: int, metric: str) -> Plan:
    """The default grids of ``names`` for (count, dim) vectors, of those indexes that can search by ``metric``."""
    able = [name for name in indexes.names() if metric in indexes.get(name).Index.metrics]
    fit = [name for name in names if name in able]
    if not fit:
        raise InputError(f"--index={','.join(names)}: cannot search by {metric}; {', '.join(able)} can")
    return [(name, grid) for name in fit for grid in indexes.get(name).grids(count, dim, metric)]


def select(patterns: str) -> list[str]:
    """The indexes that ``"faiss_*,annoy"`` names; "" is every one that is installed, and need not be named.

    Raises InputError for a pattern that fits none, and for an index whose library is missing.
    """
    if not patterns:
        return [
            name
            for name in indexes.names()
            if indexes.installed(name) and not getattr(indexes.get(name), "BY_NAME_ONLY", False)
        ]
    chosen: list[str] = []
    for pattern in patterns.split(","):
        found = fnmatch.filter(indexes.names(), pattern.strip())
        if not found:
            raise unknown("index", pattern.strip(), indexes.names())
        chosen += [name for name in found if name not in chosen]
    for name in chosen:
        require(name)
    return chosen


def require(name: str) -> None:
    """Raises InputError where the library of the index ``name`` is not installed."""
    if lacking := indexes.missing(name):
        raise InputError(f"--index={name}: {lacking}")


def file_of(named: Path) -> Path:
    """The file of a grid: a ready-made one is known by its name, ``short``, wherever the package is installed."""
    ready = READY_MADE / f"{named.name}.yaml"
    return ready if named == Path(named.name) and not named.is_file() and ready.is_file() else named


def read(path: Path) -> Plan:
    """The grids of a YAML file: index -> list of {build: ..., search: {parameter: [values]}}.

    A build may have sizes that follow the set, as ann_bench/sweep/sizes.py describes them: ``sized`` makes numbers of
    them. Raises InputError naming the file and what is wrong in it.
    """
    path = file_of(path)
    wanted = "indexes to lists of builds, like faiss_float: [{build: HNSW32}]"
    content = yaml_file.mapping(path, where=f"--grid={path}", wanted=wanted)
    plan: Plan = []
    for name, entries in content.items():
        if name not in indexes.names():
            raise unknown(f"index in {path}", str(name), indexes.names())
        require(name)
        if not isinstance(entries, list) or not entries:
            raise InputError(f"--grid={path}: {name} must be a list of builds, each with build: and search:")
        plan += [(name, _entry(entry, f"--grid={path}: {name}")) for entry in entries]
    return plan


def sized(plan: Plan, *, count: int, dim: int) -> Plan:
    """The plan for (count, dim) vectors, dim in bits where they are codes; entries that become the same are one."""
    found: Plan = []
    for name, entry in plan:
        entry = replace(entry, build=sizes.fitted(entry.build, count=count, dim=dim))
        found += [(name, entry)] if (name, entry) not in found else []
    return found


def _entry(entry: object, where: str) -> Grid:
    if not isinstance(entry, Mapping) or not set(entry) <= {"build", "search"}:
        raise InputError(f"{where}: '{entry}' must have build: and may have search:, nothing else")
    build, search = entry.get("build") or "", entry.get("search") or {}
    if not isinstance(build, str):
        raise InputError(f"{where}: build must be a text like IVF1024,Flat, not '{build}'")
    sizes.check(build, where)
    if not isinstance(search, Mapping):
        raise InputError(f"{where}: search must map parameters to values, not '{search}'")
    values = {str(name): _values(given, f"{where}: {name}") for name, given in search.items()}
    return Grid(build, values)


def _values(given: object, where: str) -> tuple[Value, ...]:
    values = given if isinstance(given, list) else [given]
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError(f"{where}: '{value}' is no number")
    if not values:
        raise InputError(f"{where}: has no values")
    return tuple(dict.fromkeys(values))


def parse_search(text: str) -> dict[str, tuple[Value, ...]]:
    """``"nprobe=1,8,64,max_codes=0,10000"`` as parameter -> values."""
    search: dict[str, list[Value]] = {}
    name = ""
    for part in filter(None, text.replace(" ", "").split(",")):
        if "=" in part:
            name, _, part = part.partition("=")
            search.setdefault(name, [])
        if not name:
            raise InputError(f"--search={text}: must begin with a parameter, like nprobe=1,8,64")
        search[name].append(_number(part, text))
    return {name: tuple(dict.fromkeys(values)) for name, values in search.items()}


def _number(word: str, text: str) -> Value:
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    raise InputError(f"--search={text}: '{word}' is no number; write nprobe=1,8,64,max_codes=0,10000")
