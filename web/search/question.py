"""Question: what is searched for: pictures and sentences with plus and minus, among the pictures that pass a filter."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

KINDS = ("picture", "upload", "sketch", "sentence", "vector")


@dataclass(frozen=True)
class Part:
    """One thing that is asked with.

    kind : picture (one of the gallery, by its number), upload or sketch (one that was sent, by its hash), sentence or
        vector
    value : the number, the hash, the sentence, or D numbers
    sign : 1, or -1 for what the answers should not be like
    crop : x, y, width, height as shares of the upright picture, or None
    """

    kind: str
    value: int | str | tuple[float, ...]
    sign: int = 1
    crop: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class Filter:
    """What pictures may answer; "" and () and None are any.

    categories : classes, any of them, as people said or else as the folder says
    folder : the beginning of their path
    since, until : days on which they were taken, both counted
    tags : all of them
    """

    categories: tuple[str, ...] = ()
    folder: str = ""
    since: date | None = None
    until: date | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """All that decides an answer; a link holds it.

    rerank : "", geometry, or a re-ranking by vectors as scripts/search_image.py has it
    """

    parts: Sequence[Part]
    filter: Filter = field(default_factory=Filter)
    rerank: str = ""


@dataclass(frozen=True)
class Hit:
    """A picture that was found, by its number, with its score; of re-ranked ones how many local features match."""

    picture: int
    score: float
    inliers: int | None = None


@dataclass(frozen=True)
class Answer:
    """What was found.

    hits : best first
    exact : whether all pictures that pass were compared
    passing : how many pictures pass the filter
    seconds : {step: time}, of embed, search, rerank
    """

    hits: tuple[Hit, ...]
    exact: bool
    passing: int
    seconds: dict[str, float]
