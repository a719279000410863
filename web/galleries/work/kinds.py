"""Kinds of jobs: each app names here what its jobs do, when Django starts."""

from collections.abc import Callable

from datasets.errors import InputError
from web.galleries.models import Job
from web.galleries.work.progress import Progress

Does = Callable[[Job, Progress], str]  # returns the line that is told when it is done

_kinds: dict[str, tuple[Does, str]] = {}


def register(kind: str, does: Does, *, lane: str = "embed") -> None:
    """Have jobs of ``kind`` do that, in a process of their own. It may be called again for a job that was killed.

    lane : jobs of one lane are done one after the other, jobs of others beside them
    """
    _kinds[kind] = does, lane


def get(kind: str) -> Does:
    """What jobs of a kind do; raises InputError where nobody has named it."""
    if kind not in _kinds:
        raise InputError(f"job of kind {kind}: nothing is known to do it")
    return _kinds[kind][0]


def lane(kind: str) -> str:
    """That of a kind."""
    return _kinds[kind][1] if kind in _kinds else "embed"
