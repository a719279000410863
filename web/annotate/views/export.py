"""The page of exports, and the files themselves."""

from collections.abc import Callable, Iterator, Mapping

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from web.annotate.exported.audit import audit
from web.annotate.exported.coco import coco
from web.annotate.exported.instances import instances
from web.annotate.views.rows import shared
from web.galleries.exported import labelled
from web.galleries.models import Gallery


def _csv(gallery: Gallery) -> Iterator[str]:
    found, _left_out = labelled.labelled(gallery)
    return labelled.csv(found, labelled.testing(found))


def _coco(gallery: Gallery) -> Iterator[str]:
    return coco(gallery, labelled.labelled(gallery)[0])


FILES: Mapping[str, tuple[str, Callable[[Gallery], Iterator[str]]]] = {
    "labels.csv": ("text/csv; charset=utf-8", _csv),
    "labels.json": ("application/json", _coco),
    "instances.csv": ("text/csv; charset=utf-8", instances),
    "audit.csv": ("text/csv; charset=utf-8", audit),
}


@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """What can be had."""
    return render(request, "annotate/export.html", shared(request, get_object_or_404(Gallery, slug=slug)))


@require_safe
def file(request: HttpRequest, slug: str, name: str) -> StreamingHttpResponse:
    """One of ``FILES``, to be kept; an InputError is the middleware's."""
    gallery = get_object_or_404(Gallery, slug=slug)
    if name not in FILES:
        raise Http404
    kind, write = FILES[name]
    kept = {"Content-Disposition": f'attachment; filename="{gallery.slug}-{name}"'}
    return StreamingHttpResponse(write(gallery), content_type=kind, headers=kept)
