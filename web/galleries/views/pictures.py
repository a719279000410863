"""Pictures by their number: small for grids, and large."""

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from web.galleries import shown
from web.galleries.models import Picture

_KEPT = "private, max-age=31536000, immutable"  # the address changes with the picture
_SHORTLY = "private, max-age=300"  # an address without what the picture holds
_ASKED = "private, no-cache"


@require_safe
def thumbnail(request: HttpRequest, number: int) -> HttpResponse:
    """It small."""
    return _picture(request, number, shown.SMALL)


@require_safe
def large(request: HttpRequest, number: int) -> HttpResponse:
    """It large."""
    return _picture(request, number, shown.LARGE)


def _picture(request: HttpRequest, number: int, side: int) -> HttpResponse:
    picture = get_object_or_404(Picture.objects.select_related("gallery"), pk=number)
    tag = shown.tag(picture, side)
    if request.headers.get("If-None-Match") == tag:
        answer: HttpResponse = HttpResponseNotModified(headers={"ETag": tag})
    else:
        found = shown.show(picture, side)
        tag = found.tag
        answer = HttpResponse(found.jpeg, content_type="image/jpeg", headers={"ETag": tag})
    answer.headers["Cache-Control"] = _kept(request.GET.get("v", ""), picture, tag)
    return answer


def _kept(asked: str, picture: Picture, tag: str) -> str:
    """How long a browser may keep it; a grey tile not at all, for the picture may come back."""
    if tag == shown.GREY:
        return _ASKED
    return _KEPT if asked and asked == picture.content[:12] else _SHORTLY
