"""The exceptions whose one line is all that a user should see."""

import difflib
from collections.abc import Iterable


class InputError(Exception):
    """What a user gave cannot be used: one line that names the file or flag, says what is wrong and what to do.

    A command ends with exit code 2.
    """


class RunFailed(Exception):
    """One line about a run that cannot go on although its input is sound; a command ends with exit code 1."""


def unknown(kind: str, name: str, known: Iterable[str]) -> InputError:
    """The error for a ``name`` of some ``kind`` ("dataset", "model") that is none of ``known``, with a suggestion."""
    known = list(known)
    return InputError(f"unknown {kind} '{name}': {suggestion(name, known)}known are {', '.join(known)}")


def suggestion(name: str, known: Iterable[str], *, before: str = "") -> str:
    """ "did you mean ...? " where one of ``known`` is spelled much like ``name``, else nothing."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {before}{close[0]}? " if close else ""
