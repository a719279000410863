"""Unchanged: what was read of the database, kept for as long as nobody has written to it.

SQLite tells whether anybody has, for some microseconds: of this connection by the rows that it has changed, of all
others, in any process, by ``PRAGMA data_version``. So nothing that is kept is ever behind the database, not by a
moment. PostgreSQL has no such number, and is asked each time.
"""

import functools
import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from django.db import connection

_MOST = 2000  # answers that a thread keeps
_Read = TypeVar("_Read", bound=Callable[..., Any])


class _Kept(threading.local):
    """What a thread has read: threads have connections of their own, and each tells of changes in its own numbers."""

    stamp: Hashable = None

    def __init__(self) -> None:
        self.answers: dict[Hashable, Any] = {}

    def of_now(self) -> dict[Hashable, Any] | None:
        """What is kept and still holds; None where that cannot be told."""
        if connection.vendor != "sqlite" or connection.in_atomic_block:  # what a transaction reads may be taken back
            return None
        stamp = _stamp()
        if stamp != self.stamp:
            self.stamp = stamp
            self.answers.clear()
        return self.answers


_kept = _Kept()


def while_unchanged(read: _Read) -> _Read:
    """A function that reads the database, and is called again only when that has changed.

    Its words must be hashable. What it gives is shared by all requests of a thread: nobody may change it.
    """

    @functools.wraps(read)
    def known(*words: Hashable) -> Any:
        answers, key = _kept.of_now(), (read, words)
        if answers is None:
            return read(*words)
        if key not in answers:
            if len(answers) >= _MOST:
                answers.clear()
            answers[key] = read(*words)
        return answers[key]

    return known  # type: ignore[return-value]


def _stamp() -> Hashable:
    """Another one whenever something was written; a connection that is opened anew begins to count anew."""
    connection.ensure_connection()
    opened = connection.connection
    with connection.wrap_database_errors:
        (version,) = opened.execute("PRAGMA data_version").fetchone()
    return opened, version, opened.total_changes
