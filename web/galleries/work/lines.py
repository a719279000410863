"""Lines: what a job tells, as words and what is put into them, so that each reader gets it in their own language."""

from collections.abc import Iterable

Parts = list[tuple[str, dict[str, object]]]  # words in English, which the catalogues know, and what is put into them


class Line(str):
    """A line in English, with its parts, between which ", " stands."""

    parts: Parts


def line(words: str, **facts: object) -> Line:
    """The line of ``words``, marked by gettext_noop, in which the facts stand as %(name)s."""
    return _of([(words, facts)])


def joined(lines: Iterable[str]) -> Line:
    """One of several, the empty ones left out; a plain text among them is shown as it is."""
    return _of([part for one in lines if one for part in parts_of(one)])


def parts_of(text: str) -> Parts:
    """Those of a line; a plain text is one by itself, and nothing has none."""
    return text.parts if isinstance(text, Line) else [(text, {})] if text else []


def _of(parts: Parts) -> Line:
    made = Line(", ".join(words % facts if facts else words for words, facts in parts))
    made.parts = parts
    return made
