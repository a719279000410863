"""The reference of flags, docs/flags.md, from the dataclasses of options of all commands.

python docs/flags.py

What a flag does is what its docstring says, so that the page and --help tell the same.
"""

import dataclasses
import importlib.util
import sys
import types
import typing
from pathlib import Path
from typing import Any

import docstring_parser

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from networks import NetworkOptions  # noqa: E402

from ann_bench.commands import COMMANDS  # noqa: E402
from embedding.options import TrainOptions  # noqa: E402
from hashing.cross.options import CrossOptions  # noqa: E402
from hashing.options import HashOptions  # noqa: E402
from hashing.sketches.options import SketchHashOptions  # noqa: E402
from vse.options import VseOptions  # noqa: E402

PAGE = ROOT / "docs" / "flags.md"

# What several commands take, and what of it is told once, under a heading of its own.
SHARED = {
    TrainOptions: "Every training command",
    HashOptions: "Every hashing command",
    CrossOptions: "Every command of cross-modal hashing",
    VseOptions: "Every command of pictures and sentences",
    SketchHashOptions: "Every command of sketches and photographs",
    NetworkOptions: "Every command that looks for the same thing",
}

TRAINING = ("train_margin", "train_npair", "train_triplet", "train_softmax", "train_pair", "compare_losses")
HASHING = ("train_hash", "compare_hashes", "evaluate_hash")
CROSS = ("train_cross", "compare_cross")
PAIRS = ("train_vse", "compare_vse", "search_text")
SKETCHES = ("train_sketch", "compare_sketch", "search_sketch")
INSTANCES = ("evaluate_instance", "search_image", "compare_instance")
VECTORS = ("extract", "export_onnx", "report", "mine_categories", "duplicates", "launch")
PAGES = ("serve", "gallery")

WORDS = {int: "N", float: "X", str: "TEXT", Path: "PATH"}

HEAD = """# All flags

Every flag of every command, with the value it has where it is not given. `--help` tells the same of one command.

Dashes and underscores mean the same: `--batch-k` is `--batch_k`. `N` stands for a whole number, `X` for any number.
A flag without a value is a switch; `--no-` before its name turns it off. A dash in the last column says that the
command finds a value that fits, as the text tells, or does without.

This page is written by `python docs/flags.py` from the docstrings of the options; do not edit it.
"""


def page() -> str:
    """The whole page."""
    parts = [
        HEAD,
        _training(),
        _hashing(),
        _cross(),
        _pairs(),
        _sketches(),
        _instances(),
        *map(_script, VECTORS),
        *map(_script, PAGES),
        *map(_ann_bench, COMMANDS),
    ]
    return "\n".join(parts)


def _training() -> str:
    return "\n".join([_section(SHARED[TrainOptions], TrainOptions), *map(_script, TRAINING)])


def _hashing() -> str:
    return "\n".join([_section(SHARED[HashOptions], HashOptions), *map(_script, HASHING)])


def _cross() -> str:
    return "\n".join([_section(SHARED[CrossOptions], CrossOptions), *map(_script, CROSS)])


def _pairs() -> str:
    return "\n".join([_section(SHARED[VseOptions], VseOptions), *map(_script, PAIRS)])


def _sketches() -> str:
    return "\n".join([_section(SHARED[SketchHashOptions], SketchHashOptions), *map(_script, SKETCHES)])


def _instances() -> str:
    named = _section(SHARED[NetworkOptions], NetworkOptions)
    return "\n".join([_script("train_instance"), named, *map(_script, INSTANCES)])


def _script(name: str) -> str:
    return _section(f"{name}.py", options_of(name))


def _ann_bench(name: str) -> str:
    return _section(f"ann_bench {name}", COMMANDS[name][1])


def options_of(script: str) -> type:
    """The dataclass of options that scripts/``script``.py defines."""
    name = f"flags_of_{script}"
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{script}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where dataclasses, and those who look for docstrings, find it
    spec.loader.exec_module(module)
    (found,) = (
        value
        for value in vars(module).values()
        if isinstance(value, type) and dataclasses.is_dataclass(value) and value.__module__ == name
    )
    return found


def _section(title: str, options: type) -> str:
    """A heading, what the command does, where its other flags stand, and a table of its own."""
    above = next((kind for kind in options.__mro__[1:] if kind in SHARED), None)
    own = [field for field in dataclasses.fields(options) if above is None or _is_own(field, options, above)]
    lines = [f"## {title}", "", _sentence(options), ""]
    if above is not None:
        besides = f"besides those of [{SHARED[above].lower()}](#{_anchor(SHARED[above])})"
        lines += [f"Flags {besides}" + (", or with another default or meaning:" if own else "."), ""]
    if own:
        lines += ["| flag | meaning | if not given |", "|---|---|---|", *(_row(field, options) for field in own), ""]
    return "\n".join([*lines, *_aliases(options, above)])


def _is_own(field: dataclasses.Field, options: type, above: type) -> bool:
    """Whether a flag is defined below the shared class ``above``: new, or told anew."""
    return any(field.name in vars(kind).get("__annotations__", {}) for kind in _below(options, above))


def _below(options: type, above: type) -> list[type]:
    return list(options.__mro__[: options.__mro__.index(above)])


def _sentence(options: type) -> str:
    """What stands at the top of the docstring."""
    return docstring_parser.parse(options.__doc__ or "").short_description or ""


def _row(field: dataclasses.Field, options: type) -> str:
    cells = [_flag(field, options), _meaning(field.name, options), _default(field)]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _flag(field: dataclasses.Field, options: type) -> str:
    """As it is typed: `--lr X`, or `--soft` of a switch; what stands alone has no dashes."""
    hint = typing.get_type_hints(options, include_extras=True)[field.name]
    kind = _kind(hint)
    if typing.get_origin(kind) is tuple:  # all that stands on the command line without a flag
        return f"`{field.name.upper()} ...`"
    names = [f"--{field.name.replace('_', '-')}", *_other_names(hint)]
    value = "" if kind is bool else f" {WORDS[kind]}"
    return ", ".join(f"`{name}{value}`" for name in names)


def _kind(hint: Any) -> Any:
    """The plain type of an annotation: int of ``int | None``, and of ``Annotated[int, ...]``."""
    if hasattr(hint, "__metadata__"):
        return _kind(hint.__origin__)
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return next(part for part in typing.get_args(hint) if part is not types.NoneType)
    return hint


def _other_names(hint: Any) -> list[str]:
    told = getattr(hint, "__metadata__", ())
    return [name for one in told for name in getattr(one, "aliases", None) or ()]


def _default(field: dataclasses.Field) -> str:
    if field.default is dataclasses.MISSING:
        return "must be given"
    if field.default in (None, "", ()):
        return "-"
    if isinstance(field.default, bool):
        return "on" if field.default else "off"
    return str(field.default)


def _meaning(name: str, options: type) -> str:
    for kind in options.__mro__[:-1]:
        told = {param.arg_name: param.description for param in docstring_parser.parse_from_object(kind).params}
        if told.get(name):
            return " ".join(told[name].split())
    raise ValueError(f"{options.__name__}.{name} has no docstring")


def _aliases(options: type, above: type | None) -> list[str]:
    """What other programs call these flags."""
    known = vars(options).get("ALIASES", {})
    if not known:
        return []
    pairs = ", ".join(f"`--{theirs}` is `--{ours}`" for theirs, ours in known.items())
    return [f"Flags of other programs are understood: {pairs}.", ""]


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


if __name__ == "__main__":
    PAGE.write_text(page())
