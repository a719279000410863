"""Cores: a thread held on one of them while it is timed, where the system allows that."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


def allowed() -> list[int]:
    """The cores that this thread may run on; none where the system does not say."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


@contextlib.contextmanager
def pinned(wanted: bool = True) -> Iterator[int | None]:
    """Hold this thread on the core that it is on, which the system chose for it.

    Gives the core's number; None where it is not ``wanted``, or cannot be. Threads that start meanwhile share the core;
    those that are there already stay where they are.
    """
    before = allowed() if wanted else []
    core = _held(before) if len(before) > 1 else None
    try:
        yield core
    finally:
        if core is not None:
            os.sched_setaffinity(0, before)


def _held(choice: list[int]) -> int | None:
    try:
        core = int(Path("/proc/thread-self/stat").read_text().rpartition(")")[2].split()[36])
        os.sched_setaffinity(0, {core} & set(choice))
    except (OSError, IndexError, ValueError):  # a system that lets nobody choose, or does not say where we are
        return None
    return core
