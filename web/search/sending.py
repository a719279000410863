"""Views of pictures that are sent to be asked with: as files, or by their address."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from datasets.errors import InputError
from web.galleries.models import Gallery
from web.safety import fetch
from web.safety import uploads as safety
from web.search import link, uploads
from web.search.question import Part
from web.search.views import searched

MOST = 16  # pictures sent at once


@require_POST
def upload(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep the pictures that are sent, and go to the question with them; the page with what is wrong, if it is."""
    gallery = get_object_or_404(Gallery, slug=slug)
    try:
        sent = request.FILES.getlist("picture")
        if not 0 < len(sent) <= MOST:
            raise InputError(f"{len(sent)} pictures are sent; send from 1 to {MOST}")
        return _asked(request, gallery, [uploads.keep(safety.checked(file), file.name) for file in sent])
    except InputError as error:
        return searched(request, gallery, request.POST, str(error), getattr(error, "status", 400))


@require_POST
def address(request: HttpRequest, slug: str) -> HttpResponse:
    """The same of the picture at the address that is sent, where that is allowed."""
    if not settings.FETCH:
        raise Http404
    gallery, url = get_object_or_404(Gallery, slug=slug), request.POST.get("address", "")
    try:
        return _asked(request, gallery, [uploads.keep(fetch.fetch(url), url)])
    except InputError as error:
        return searched(request, gallery, request.POST, str(error), getattr(error, "status", 400))


@require_safe
@cache_control(private=True, max_age=86400, immutable=True)
def uploaded(request: HttpRequest, slug: str, kept: str) -> HttpResponse:
    """A picture that was sent, as it is kept."""
    get_object_or_404(Gallery, slug=slug)
    try:
        return HttpResponse(uploads.data(kept), content_type="image/jpeg")
    except InputError as error:
        raise Http404 from error


def _asked(request: HttpRequest, gallery: Gallery, kept: list[str]) -> HttpResponse:
    """To the question that was sent along, with these pictures besides."""
    question, sign = link.read(request.POST), -1 if request.POST.get("sign") == "-1" else 1
    for one in kept:
        question = link.with_part(question, Part("upload", one, sign))
    return redirect(reverse("search:page", args=[gallery.slug]) + link.write(question))
