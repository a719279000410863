"""Views of pictures that are sent to be asked with: as files, or by their address."""

from collections.abc import Callable

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from datasets.errors import InputError
from web.galleries.models import Gallery
from web.safety.fetch import fetch
from web.safety.uploads import checked
from web.search import link, uploads
from web.search.question import Part
from web.search.views import searched

MOST = 16  # pictures sent at once


@require_POST
def upload(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep the pictures that are sent, and go to the question with them; the page with what is wrong, if it is."""
    return _answered(request, slug, lambda: [(checked(file), file.name or "") for file in _files(request)])


@require_POST
def address(request: HttpRequest, slug: str) -> HttpResponse:
    """The same of the picture at the address that is sent, where that is allowed."""
    given = request.POST.get("address", "")
    return _answered(request, slug, lambda: [(fetch(given), given)])


def _answered(request: HttpRequest, slug: str, sent: Callable[[], list[tuple[bytes, str]]]) -> HttpResponse:
    """To the question that came along, with the pictures that are ``sent``, each with a name, besides."""
    gallery = get_object_or_404(Gallery, slug=slug)
    try:
        question, sign = link.read(request.POST), -1 if request.POST.get("sign") == "-1" else 1
        kind = "sketch" if request.POST.get("sketch") else "upload"
        for data, name in sent():
            question = link.with_part(question, Part(kind, uploads.keep(data, name), sign))
        return redirect(reverse("search:page", args=[gallery.slug]) + link.write(question))
    except InputError as error:
        return searched(request, gallery, request.POST, error)


def _files(request: HttpRequest) -> list[UploadedFile]:
    """The files that are sent; raises InputError for none, and for too many."""
    sent = request.FILES.getlist("picture")
    if not 0 < len(sent) <= MOST:
        raise InputError(f"{len(sent)} pictures are sent; send from 1 to {MOST}")
    return sent


@require_safe
@cache_control(private=True, max_age=86400, immutable=True)
def uploaded(request: HttpRequest, slug: str, kept: str) -> HttpResponse:
    """A picture that was sent, as it is kept."""
    get_object_or_404(Gallery, slug=slug)
    try:
        return HttpResponse(uploads.data(kept), content_type="image/jpeg")
    except InputError as error:
        raise Http404 from error
