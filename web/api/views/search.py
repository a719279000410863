"""Search: the pictures of a gallery that answer a question."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from django.http import HttpRequest

from web.api.views.asked import Asked
from web.api.views.galleries import gallery_of
from web.galleries.models import Picture
from web.search.answer import answer
from web.search.question import Answer


@dataclass(frozen=True)
class HitTold:
    """A picture that was found."""

    picture: Annotated[int, "its number"]
    score: Annotated[float, "the higher the nearer"]
    path: Annotated[str, "from the gallery's source on"]
    category: Annotated[str, "its class: what people said, else what its folder says, else empty"]
    inliers: Annotated[int | None, "where ranked again by geometry, how many local features match"]


@dataclass(frozen=True)
class Found:
    """The answer to a search."""

    hits: Annotated[tuple[HitTold, ...], "best first"]
    exact: Annotated[bool, "whether all pictures that pass were compared"]
    passing: Annotated[int, "how many pictures pass the filter"]
    seconds: Annotated[dict[str, float], "what took how long: embed, search, rerank"]


def search(request: HttpRequest, slug: str, body: Asked) -> Found:
    """Search a gallery.

    Several parts are asked together: vectors of those with sign 1 are added, those with -1 taken away.
    """
    return found(answer(gallery_of(slug), body.question(), first=body.first, count=body.count))


def found(its: Answer) -> Found:
    """An answer with what is known of its pictures; one that was removed since is left out."""
    known = _known(hit.picture for hit in its.hits)
    hits = [
        HitTold(hit.picture, round(hit.score, 6), *known[hit.picture], hit.inliers)
        for hit in its.hits
        if hit.picture in known
    ]
    return Found(tuple(hits), its.exact, its.passing, {step: round(took, 6) for step, took in its.seconds.items()})


def _known(pictures: Iterable[int]) -> dict[int, tuple[str, str]]:
    """{number: path and class}; plain rows, since making 60 objects of them takes longer than asking the database."""
    rows = Picture.objects.filter(pk__in=list(pictures)).values_list("pk", "path", "label", "category").order_by()
    return {number: (path, label or category) for number, path, label, category in rows}
