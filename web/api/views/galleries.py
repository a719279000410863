"""Galleries: which there are, and how far they are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest

from web.galleries.models import Gallery, Picture


@dataclass(frozen=True)
class GalleryTold:
    """Pictures that are searched together, and what embeds them."""

    slug: Annotated[str, "its name in addresses"]
    name: str
    pictures: Annotated[int, "that are there and can be read"]
    created: datetime
    ready: Annotated[bool, "whether it can be searched"]
    network: Annotated[str | None, "the fingerprint of the network that embeds it"]
    dim: Annotated[int | None, "of its vectors"]
    similarity: Annotated[str | None, "what a score is: cosine, order (of a sentence and a picture), or hamming"]
    geometry: Annotated[bool, "whether answers may be ranked again by local features"]


@dataclass(frozen=True)
class GalleriesTold:
    """All galleries, by name."""

    galleries: tuple[GalleryTold, ...]


def galleries(request: HttpRequest) -> GalleriesTold:
    """All galleries."""
    return GalleriesTold(tuple(_told(one) for one in _counted()))


def gallery(request: HttpRequest, slug: str) -> GalleryTold:
    """One gallery."""
    found = _counted().filter(slug=slug).first()
    if found is None:
        raise missing(slug)
    return _told(found)


def gallery_of(slug: str) -> Gallery:
    """The gallery of an address; raises Http404 where there is none."""
    found = Gallery.objects.select_related("active").filter(slug=slug).first()
    if found is None:
        raise missing(slug)
    if found.active is not None:
        found.active.gallery = found  # which its folder asks for
    return found


def missing(slug: str) -> Http404:
    """The error for a gallery that is not there."""
    return Http404(f"{slug}: is no gallery; /api/v1/galleries has them all")


def _counted() -> QuerySet[Gallery]:
    there = Count("pictures", filter=Q(pictures__state=Picture.State.THERE))
    return Gallery.objects.select_related("active").annotate(there=there)


def _told(gallery: Any) -> GalleryTold:
    version = gallery.active
    ready = version is not None and version.snapshot > 0
    return GalleryTold(
        gallery.slug,
        gallery.name,
        gallery.there,
        gallery.created,
        ready,
        version.fingerprint if ready else None,
        version.dim if ready else None,
        version.similarity if ready else None,
        gallery.geometry,
    )
