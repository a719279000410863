"""Pictures of a gallery: listed, told of, shown, tagged."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from django.http import Http404, HttpRequest, HttpResponse

from web.api.shapes.kinds import Within
from web.api.views.galleries import gallery_of
from web.galleries.models import Picture
from web.galleries.views import pictures as its_views
from web.search import passing, tags
from web.search.question import Filter

LARGEST = 2**63 - 1  # number of a picture that a database has


@dataclass(frozen=True)
class PictureTold:
    """A picture of a gallery."""

    picture: Annotated[int, "its number"]
    path: Annotated[str, "from the gallery's source on"]
    category: Annotated[str, "its class by its folder"]
    label: Annotated[str, "its class as people said; empty where nobody did, - where they said that it is of none"]
    revision: Annotated[int, "goes up with each change of label; who changes it says which one they saw"]
    width: Annotated[int, "of the upright picture in pixels, 0 where unknown"]
    height: int
    size: Annotated[int, "of its file in bytes"]
    taken: Annotated[datetime | None, "when, by its EXIF, else by its file"]
    taken_by: Annotated[str, "which of them told: camera or file; empty where none did"]
    state: Annotated[str, "there, unreadable or vanished"]
    reason: Annotated[str, "why it cannot be read"]
    tags: tuple[str, ...]


@dataclass(frozen=True)
class PicturesTold:
    """Some pictures of a gallery, by their number."""

    pictures: tuple[PictureTold, ...]
    next: Annotated[int | None, "the ``after`` of those that follow; null at the end"]


@dataclass(frozen=True)
class PicturesAsked:
    """Which pictures, and how many at once."""

    after: Annotated[int, "begin behind the picture of this number", Within(0, LARGEST)] = 0
    count: Annotated[int, "how many at most", Within(1, 1000)] = 100
    category: Annotated[tuple[str, ...], "any of these classes, as people said or else as the folder says"] = ()
    folder: Annotated[str, "what paths begin with"] = ""
    since: Annotated[date | None, "taken on this day or later"] = None
    until: Annotated[date | None, "taken on this day or earlier"] = None
    tag: Annotated[tuple[str, ...], "all of these tags"] = ()

    def filter(self) -> Filter:
        """As the search has it."""
        return Filter(self.category, self.folder, self.since, self.until, self.tag)


def pictures(request: HttpRequest, slug: str, query: PicturesAsked) -> PicturesTold:
    """Pictures of a gallery, those that a filter lets pass; also such as vanished or cannot be read."""
    passed = passing.pictures(gallery_of(slug), query.filter()).filter(pk__gt=query.after)
    found = list(passed.order_by("pk").prefetch_related("tags")[: query.count + 1])
    more = len(found) > query.count
    return PicturesTold(tuple(map(_told, found[: query.count])), found[query.count - 1].pk if more else None)


def picture(request: HttpRequest, slug: str, number: int) -> PictureTold:
    """One picture."""
    return _told(picture_of(slug, number))


def small_picture(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """A picture as a JPEG whose longest side has 256 pixels; a grey tile where its file is gone."""
    return its_views.thumbnail(request, picture_of(slug, number).pk)


def large_picture(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """A picture as a JPEG whose longest side has at most 1,600 pixels; a grey tile where its file is gone."""
    return its_views.large(request, picture_of(slug, number).pk)


def add_tag(request: HttpRequest, slug: str, number: int, tag: str) -> PictureTold:
    """Give a picture a tag."""
    its = picture_of(slug, number)
    tags.add(its, tag)
    return _told(its)


def remove_tag(request: HttpRequest, slug: str, number: int, tag: str) -> PictureTold:
    """Take a tag away from a picture, if it has it."""
    its = picture_of(slug, number)
    tags.remove(its, tag)
    return _told(its)


def picture_of(slug: str, number: int) -> Picture:
    """The picture of an address; raises Http404 where there is none."""
    found = Picture.objects.select_related("gallery").filter(gallery__slug=slug, pk=min(number, LARGEST)).first()
    if found is None:
        raise Http404(f"{number}: is no picture of {slug}")
    return found


def _told(its: Picture) -> PictureTold:
    said = (its.category, its.label, its.revision, its.width, its.height, its.size, its.taken, its.taken_by)
    return PictureTold(its.pk, its.path, *said, str(its.state), its.reason, _names(its.tags.all()))


def _names(its: Iterable[object]) -> tuple[str, ...]:
    return tuple(map(str, its))
