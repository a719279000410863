"""Pictures by their number: small for grids, and large."""

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from web.galleries import shown
from web.galleries.models import Picture

_KEPT = "private, max-age=31536000, immutable"  # the address changes with the picture
_ASKED = "private, no-cache"


@require_safe
def thumb(request: HttpRequest, number: int) -> HttpResponse:
    """It small."""
    return _picture(request, number, shown.SMALL)


@require_safe
def large(request: HttpRequest, number: int) -> HttpResponse:
    """It large."""
    return _picture(request, number, shown.LARGE)


def _picture(request: HttpRequest, number: int, side: int) -> HttpResponse:
    picture = get_object_or_404(Picture.objects.select_related("gallery"), pk=number)
    if request.headers.get("If-None-Match") == shown.tag(picture, side):
        answer: HttpResponse = HttpResponseNotModified(headers={"ETag": shown.tag(picture, side)})
        found_grey = False
    else:
        found = shown.show(picture, side)
        found_grey = found.grey
        answer = HttpResponse(found.jpeg, content_type="image/jpeg", headers={"ETag": found.tag})
    named = request.GET.get("v", "") == picture.content[:12] != ""
    answer.headers["Cache-Control"] = _KEPT if named and not found_grey else _ASKED
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
