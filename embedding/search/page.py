"""The page of a search by pictures: each that was asked with, what was found for it, and what matches in both."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from embedding.report.page import readable, render, write
from embedding.report.thumbnails import Thumbnails, jpeg, read_thumbnail

_TEMPLATE = Path(__file__).parent / "templates" / "found.html.j2"
_SIDE = 224  # pixels of a picture found, shown smaller, so that dense screens have some to spare
SIDE = 480  # of one that asks, and of each of two with matches between them
_SHOWN = 120  # pictures found by one, on the page

_large = partial(read_thumbnail, side=_SIDE)


@dataclass(frozen=True)
class Answer:
    """A picture that was found.

    name : its path
    score : the higher, the better
    inliers : how many local features lie in it as in the picture that asks; None where nobody looked
    matches : (H, W, 3) uint8 RGB, both pictures with lines between what matches; or None
    right : whether it shows the same, where somebody knows; else None
    """

    name: str
    score: float
    inliers: int | None = None
    matches: np.ndarray | None = None
    right: bool | None = None


@dataclass(frozen=True)
class Table:
    """Scores: a row has its name first, then a cell for each of ``columns``."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Question:
    """A picture that asks, (h, w, 3) uint8 RGB as it was seen, with its ``answers``, best first."""

    name: str
    picture: np.ndarray
    answers: Sequence[Answer]


def write_found(
    folder: Path,
    questions: Sequence[Question],
    facts: Sequence[str],
    *,
    tables: Sequence[Table] = (),
    title: str = "",
    thumbnails: Thumbnails = _large,
) -> Path:
    """Write ``folder``/index.html, which needs nothing beside it; returns its path.

    facts : say what was searched, by what network, and how
    tables : of scores, where pictures were judged
    title : of the page; what was asked if not given
    thumbnails : name of an image -> (s, s, 3) uint8 RGB
    At most 120 pictures found by one are shown. Raises InputError where the folder cannot be written.
    """
    names = [readable(question.name) for question in questions]
    shown = [_shown(question, thumbnails) for question in questions]
    title = readable(title) or (_short(names[0]) if len(names) == 1 else f"{len(names)} pictures")
    said = list(map(readable, facts))
    return write(folder, render(_TEMPLATE, title=title, facts=said, questions=shown, tables=tables), {})


def _shown(question: Question, thumbnails: Thumbnails) -> dict[str, Any]:
    name = readable(question.name)
    answers = [_answer(answer, thumbnails) for answer in question.answers[:_SHOWN]]
    picture = jpeg(question.picture)
    return {"name": name, "short": _short(name), "jpeg": picture, "answers": answers, "count": len(question.answers)}


def _answer(answer: Answer, thumbnails: Thumbnails) -> dict[str, Any]:
    name = readable(answer.name)
    about = {
        "name": name,
        "short": _short(name),
        "score": answer.score,
        "inliers": answer.inliers,
        "right": answer.right,
    }
    matches = None if answer.matches is None else jpeg(answer.matches)
    return about | {"jpeg": jpeg(thumbnails(answer.name)), "matches": matches}


def _short(name: str) -> str:
    """The file's name and its folder's: in many folders files have the same names."""
    return "/".join(name.rstrip("/").split("/")[-2:])
