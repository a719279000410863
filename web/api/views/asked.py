"""Asked: what a search's body says, and the question that it is."""

from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Literal

from datasets.errors import InputError
from web.api.shapes.kinds import Within
from web.search.question import Filter, Part, Question

MOST = 1000  # pictures of an answer

Share = Annotated[float, Within(0, 1)]
Picture = Annotated[int, Within(1, 2**63 - 1)]


@dataclass(frozen=True)
class PartAsked:
    """One thing to search with: a picture of the gallery, a sentence, or a vector."""

    ONE_OF = ("picture", "sentence", "vector")

    picture: Annotated[Picture | None, "the number of a picture of the gallery"] = None
    sentence: Annotated[str | None, "where the gallery's network knows sentences", Within(1, 1000)] = None
    vector: Annotated[tuple[float, ...] | None, "as many numbers as the gallery's dim", Within(1, 65536)] = None
    sign: Annotated[Literal[1, -1], "-1 for what the answers should not be like"] = 1
    crop: Annotated[
        tuple[Share, Share, Share, Share] | None,
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
    rerank: Annotated[str, "how to rank the first answers again, where the gallery can: geometry, ..."] = ""
    first: Annotated[int, "how many of the best to leave out, to read on", Within(0, 1_000_000)] = 0
    count: Annotated[int, "how many answers", Within(1, MOST)] = 10

    def question(self) -> Question:
        """As the search has it; raises InputError where it asks nothing."""
        if not self.parts:
            raise InputError("parts: ask with at least one picture, sentence or vector")
        return Question([part.part() for part in self.parts], self.filter.filter(), self.rerank)
