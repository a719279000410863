"""Search: the pictures of a gallery that answer a question, however it is asked."""

import time
from dataclasses import dataclass, replace
from typing import Annotated

from django.http import Http404, HttpRequest

from web.api.views import sent
from web.api.views.asked import Asked, LinkAsked, SentAsked
from web.galleries import known, served
from web.galleries.models import Gallery
from web.search import link, uploads
from web.search.answer import answer
from web.search.question import Answer


@dataclass(frozen=True)
class HitTold:
    """A picture that was found."""

    picture: Annotated[int, "its number"]
    score: Annotated[float, "the higher the nearer; 0 where nothing but a filter was asked"]
    path: Annotated[str, "from the gallery's source on"]
    category: Annotated[str, "its class: what people said, else what its folder says, else empty"]
    inliers: Annotated[int | None, "where ranked again by geometry, how many local features match"]


@dataclass(frozen=True)
class Found:
    """The answer to a search."""

    hits: Annotated[tuple[HitTold, ...], "best first"]
    exact: Annotated[bool, "whether all pictures that pass were compared"]
    passing: Annotated[int, "how many pictures pass the filter"]
    seconds: Annotated[dict[str, float], "what took how long: filter, embed (decoding too), search, rerank"]


@dataclass(frozen=True)
class Upload:
    """A picture that was sent and is kept for a while."""

    upload: Annotated[str, "what a part of a search calls it"]


def search(request: HttpRequest, slug: str, body: Asked) -> Found:
    """Search a gallery with pictures, sentences and vectors, with plus and minus.

    The mean of what has the sign 1, less half the mean of what has -1, all of unit length, is what the answers are
    near to. Without parts the answers are all pictures that pass the filter.
    """
    return found(answer(_gallery(slug), body.question(), first=body.first, count=body.count))


def search_by_link(request: HttpRequest, slug: str, query: LinkAsked) -> Found:
    """Search a gallery by what the address says; the address of the search page says the same."""
    return found(answer(_gallery(slug), link.read(request.GET), first=query.first, count=query.count))


def search_by_picture(request: HttpRequest, slug: str, query: SentAsked) -> Found:
    """Search a gallery with a picture that is sent: as the body itself, or as files of a form.

    What else is asked stands in the address beside a body that is a picture, and in the fields of a form. The
    pictures are not kept, unless they are to be ranked again.
    """
    gallery, start = _gallery(slug), time.perf_counter()
    ours = served.of_gallery(gallery)
    asked, parts = sent.asked(request, ours, query)
    took = time.perf_counter() - start
    question = link.read(request.POST if sent.is_form(request) else request.GET)
    question = replace(question, parts=(*question.parts, *parts))
    its = answer(gallery, question, first=asked.first, count=asked.count, its=ours)
    return found(replace(its, seconds=its.seconds | {"embed": its.seconds.get("embed", 0.0) + took}))


def send_picture(request: HttpRequest, slug: str) -> Upload:
    """Send a picture to search with later, several times or together with others."""
    _gallery(slug)
    return Upload(uploads.keep(sent.picture(request), "the picture"))


def found(its: Answer) -> Found:
    """An answer with what is known of its pictures; one that was removed since is left out."""
    about = known.pictures([hit.picture for hit in its.hits])
    hits = [
        HitTold(hit.picture, round(hit.score, 6), about[hit.picture].path, about[hit.picture].called, hit.inliers)
        for hit in its.hits
        if hit.picture in about
    ]
    return Found(tuple(hits), its.exact, its.passing, {step: round(took, 6) for step, took in its.seconds.items()})


def _gallery(slug: str) -> Gallery:
    """As ``gallery_of``, to be read only."""
    found = known.by_slug(slug)
    if found is None:
        raise Http404(f"{slug}: is no gallery; /api/v1/galleries has them all")
    return found
