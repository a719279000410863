"""The machine that points are measured on: its processor, and the versions of the libraries."""

import contextlib
import os
import platform
from pathlib import Path
from typing import Any

from ann_bench import indexes


def facts_of_machine() -> dict[str, Any]:
    """The processor, its cores, and the versions of the libraries that are installed."""
    versions = {"python": platform.python_version(), **indexes.versions()}
    return {"cpu": _cpu(), "cores": os.cpu_count(), "host": platform.node(), "versions": versions}


def _cpu() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
