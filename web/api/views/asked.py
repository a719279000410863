"""Asked: what a search's body says, and the question that it is."""

from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Literal

from web.api.shapes.kinds import File, Within
from web.search.question import Filter, Part, Question

MOST = 1000  # pictures of an answer

Share = Annotated[float, Within(0, 1)]
Crop = tuple[Share, Share, Share, Share]
Picture = Annotated[int, Within(1, 2**63 - 1)]

Rerank = Annotated[str, "how the first answers are ranked again, where the gallery can: geometry, ..."]
First = Annotated[int, "how many of the best to leave out, to read on", Within(0, 1_000_000)]
Count = Annotated[int, "how many answers", Within(1, MOST)]


@dataclass(frozen=True)
class PartAsked:
    """One thing to search with: a picture of the gallery, one that was sent before, a sentence, or a vector."""

    ONE_OF = ("picture", "upload", "sketch", "sentence", "vector")

    picture: Annotated[Picture | None, "the number of a picture of the gallery"] = None
    upload: Annotated[str | None, "what send_picture called a picture that was sent"] = None
    sketch: Annotated[str | None, "the same of a sketch, where the gallery's network knows sketches"] = None
    sentence: Annotated[str | None, "where the gallery's network knows sentences", Within(1, 1000)] = None
    vector: Annotated[tuple[float, ...] | None, "as many numbers as the gallery's dim", Within(1, 65536)] = None
    sign: Annotated[Literal[1, -1], "-1 for what the answers should not be like"] = 1
    crop: Annotated[
        Crop | None,
        "the part of the picture that counts: x, y, width, height, as shares of the upright picture",
    ] = None

    def part(self) -> Part:
        """As the search has it."""
        kind = next(kind for kind in self.ONE_OF if getattr(self, kind) is not None)
        return Part(kind, getattr(self, kind), self.sign, self.crop)


@dataclass(frozen=True)
class FilterAsked:
    """What pictures may answer; what is left out lets all pass."""

    categories: Annotated[tuple[str, ...], "any of these classes"] = ()
    folder: Annotated[str, "what their path begins with"] = ""
    since: Annotated[date | None, "taken on this day or later"] = None
    until: Annotated[date | None, "taken on this day or earlier"] = None
    tags: Annotated[tuple[str, ...], "all of these tags"] = ()

    def filter(self) -> Filter:
        """As the search has it."""
        return Filter(**vars(self))


@dataclass(frozen=True)
class Asked:
    """A search: what with, among what, and how many of the answers."""

    parts: Annotated[tuple[PartAsked, ...], "plus and minus, together", Within(most=32)] = ()
    filter: FilterAsked = field(default_factory=FilterAsked)
    rerank: Rerank = ""
    first: First = 0
    count: Count = 10

    def question(self) -> Question:
        """As the search has it."""
        return Question([part.part() for part in self.parts], self.filter.filter(), self.rerank)


@dataclass(frozen=True)
class LinkAsked:
    """A search as the address of the search page has it, behind the question mark."""

    q: Annotated[tuple[str, ...], "sentences"] = ()
    not_: Annotated[tuple[str, ...], "sentences for what answers should not be like"] = ()
    like: Annotated[
        tuple[str, ...], "numbers of pictures; 12@0.1,0.2,0.5,0.5 is a part of one: x, y, width, height"
    ] = ()
    unlike: Annotated[tuple[str, ...], "such that answers should not be like"] = ()
    class_: Annotated[tuple[str, ...], "any of these classes"] = ()
    folder: Annotated[str, "what paths begin with"] = ""
    since: Annotated[str, "taken on this day or later, as 2024-12-31"] = ""
    until: Annotated[str, "taken on this day or earlier"] = ""
    tag: Annotated[tuple[str, ...], "all of these tags"] = ()
    rerank: Rerank = ""
    first: First = 0
    count: Count = 10


Sketch = Annotated[Literal["", "1"], "1 where what is sent are sketches, and the gallery's network knows them"]


@dataclass(frozen=True)
class SentAsked(LinkAsked):
    """A search with the picture that is the body, and what else the address says."""

    crop: Annotated[str, "the part of it that counts, x,y,width,height as shares: 0.1,0.2,0.5,0.5"] = ""
    sketch: Sketch = ""


@dataclass(frozen=True)
class FormAsked(LinkAsked):
    """A search with pictures that a form brings, as files, and what else its fields say."""

    plus: Annotated[tuple[File, ...], "pictures"] = ()
    minus: Annotated[tuple[File, ...], "such that answers should not be like"] = ()
    sketch: Sketch = ""
