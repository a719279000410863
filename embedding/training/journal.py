"""The journal of a run, metrics.jsonl: one JSON object a line."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from datasets.errors import InputError

Line = Mapping[str, Any]


def read_lines(path: Path) -> list[Line]:
    """The lines of metrics.jsonl; a last line that a kill cut short is no line."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from error
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            found += [json.loads(line)] if line.strip() else []
        except json.JSONDecodeError as error:
            if number < len(lines):
                raise InputError(f"{path}, line {number}: not JSON ({error.msg}); repair or remove it") from error
    return found
