"""Pictures by their number: small for grids, and large."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.views.decorators.http import require_safe

from web.galleries import known, shown
from web.galleries.known import Known
from web.galleries.models import Gallery

_KEPT = "private, max-age=31536000, immutable"  # the address changes with the picture
_SHORTLY = "private, max-age=300"  # an address without what the picture holds
_ASKED = "private, no-cache"
_LARGEST = 2**63 - 1  # number of a picture that a database has


@require_safe
def thumbnail(request: HttpRequest, number: int) -> HttpResponse:
    """It small."""
    return _picture(request, number, shown.SMALL)


@require_safe
def large(request: HttpRequest, number: int) -> HttpResponse:
    """It large."""
    return _picture(request, number, shown.LARGE)


def _picture(request: HttpRequest, number: int, side: int) -> HttpResponse:
    gallery, picture = _known(number)
    found = shown.show(gallery, picture, side, has=request.headers.get("If-None-Match", ""))
    headers = {"ETag": found.tag, "Cache-Control": _kept(request.GET.get("v", ""), picture, found.tag)}
    if not found.jpeg:
        return HttpResponseNotModified(headers=headers)
    return HttpResponse(found.jpeg, content_type="image/jpeg", headers=headers)


def _known(number: int) -> tuple[Gallery, Known]:
    """The picture of that number and its gallery; raises Http404 where there is none."""
    picture = known.pictures([number]).get(number) if number <= _LARGEST else None
    gallery = None if picture is None else known.by_number(picture.gallery_id)
    if picture is None or gallery is None:
        raise Http404
    return gallery, picture


def _kept(asked: str, picture: Known, tag: str) -> str:
    """How long a browser may keep it; a grey tile not at all, for the picture may come back."""
    if tag == shown.GREY:
        return _ASKED
    return _KEPT if asked and asked == picture.content[:12] else _SHORTLY
