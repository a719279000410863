"""Galleries: which there are, and how far they are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest

from web.api.shapes.kinds import Within
from web.api.views import jobs
from web.api.views.jobs import JobTold
from web.galleries import adding, removal
from web.galleries.models import Gallery, Picture
from web.galleries.work import jobs as work


@dataclass(frozen=True)
class GalleryTold:
    """Pictures that are searched together, and what embeds them."""

    slug: Annotated[str, "its name in addresses"]
    name: str
    pictures: Annotated[int, "that are there and can be read"]
    created: datetime
    ready: Annotated[bool, "whether it can be searched"]
    network: Annotated[str | None, "what embeds it, in a few words"]
    fingerprint: Annotated[str | None, "of the network: vectors of another one cannot be compared"]
    dim: Annotated[int | None, "of its vectors"]
    similarity: Annotated[str | None, "what a score is: cosine, order (of a sentence and a picture), or hamming"]
    geometry: Annotated[bool, "whether answers may be ranked again by local features"]


@dataclass(frozen=True)
class GalleriesTold:
    """All galleries, by name."""

    galleries: tuple[GalleryTold, ...]


@dataclass(frozen=True)
class GalleryAsked:
    """A gallery to add: what it is called, where its pictures are on the server, and what embeds them.

    The network is a run, or a model. All paths are the server's.
    """

    source: Annotated[str, "a folder, an archive, a list of paths, or a vectors file", Within(1, 4096)]
    name: Annotated[str, "what people call it; the name of the source if not given", Within(most=200)] = ""
    run: Annotated[str, "a run folder, such as runs/f8k"] = ""
    checkpoint: Annotated[Literal["best", "last"], "of the run"] = "best"
    model: Annotated[str, "a trunk such as resnet50_v1b, or an ONNX file"] = ""
    use_pretrained: Annotated[str, "weights of the trunk"] = ""
    pool: Annotated[str, "as the flag of scripts/extract.py, like those below"] = ""
    image_size: str = ""
    resize: str = ""
    multiscale: str = ""
    whitening: str = ""


def galleries(request: HttpRequest) -> GalleriesTold:
    """All galleries."""
    return GalleriesTold(tuple(_told(one) for one in _counted()))


def gallery(request: HttpRequest, slug: str) -> GalleryTold:
    """One gallery."""
    return _told(get(_counted(), slug))


def add_gallery(request: HttpRequest, body: GalleryAsked) -> JobTold:
    """Add a gallery; the job that embeds its pictures is the answer."""
    words = vars(body)
    made = adding.add(body.name, body.source, adding.spec(words))
    return jobs.told(request, made.jobs.select_related("gallery")[0])


def refresh_gallery(request: HttpRequest, slug: str) -> JobTold:
    """Look for pictures that are new, changed or gone, and embed those; the job that does is the answer."""
    return jobs.told(request, work.add(gallery_of(slug), "refresh"))


def remove_gallery(request: HttpRequest, slug: str) -> None:
    """Remove a gallery and all that was kept of it; its pictures stay where they are."""
    removal.remove(gallery_of(slug))


def gallery_of(slug: str) -> Gallery:
    """The gallery of an address; raises Http404 where there is none."""
    found = get(Gallery.objects.select_related("active"), slug)
    if found.active is not None:
        found.active.gallery = found  # which its folder asks for
    return found


def get(galleries: QuerySet[Gallery], slug: str) -> Gallery:
    """One of them; raises Http404 where there is none."""
    found = galleries.filter(slug=slug).first()
    if found is None:
        raise Http404(f"{slug}: is no gallery; /api/v1/galleries has them all")
    return found


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
        adding.called(version.spec) if ready else None,
        version.fingerprint if ready else None,
        version.dim if ready else None,
        version.similarity if ready else None,
        gallery.geometry,
    )
