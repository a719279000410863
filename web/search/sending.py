"""Views of pictures that are sent to be asked with: as files, or by their address."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from datasets.errors import InputError
from web.galleries.models import Gallery
from web.safety.fetch import fetch
from web.safety.refusals import Refused
from web.safety.uploads import checked
from web.search import link, uploads
from web.search.question import Part, Question
from web.search.views import searched

MOST = 16  # pictures sent at once


Sent = list[tuple[Callable[[], bytes], str]]  # how each picture is read, and what it is called


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep the pictures that are sent, and go to the question with them; the page with what is wrong, if it is."""
    if request.method != "POST":  # the address of a page that told what is wrong, opened anew
        return redirect("search:page", slug)
    return _answered(request, slug, lambda: [(partial(checked, file), file.name or "") for file in _files(request)])


@require_POST
def address(request: HttpRequest, slug: str) -> HttpResponse:
    """The same of the picture at the address that is sent, where that is allowed."""
    given = request.POST.get("address", "")
    return _answered(request, slug, lambda: [(partial(fetch, given), given)])


def _answered(request: HttpRequest, slug: str, sent: Callable[[], Sent]) -> HttpResponse:
    """To the question that came along, with the pictures that are ``sent`` besides."""
    gallery = get_object_or_404(Gallery, slug=slug)
    try:
        kind = "sketch" if request.POST.get("sketch") else "upload"
        sign = -1 if request.POST.get("sign") == "-1" else 1
        question, wrong = _with(link.read(request.POST), sent(), Part(kind, "", sign))
    except InputError as error:
        return searched(request, gallery, request.POST, error)
    asked = link.write(question)
    if not wrong:
        return redirect(reverse("search:page", args=[gallery.slug]) + asked)
    told = Refused("; ".join(map(str, wrong)), getattr(wrong[0], "status", 400))
    return searched(request, gallery, QueryDict(asked.removeprefix("?")), told)


def _with(question: Question, sent: Sent, asks: Part) -> tuple[Question, list[InputError]]:
    """The question with what can be taken of ``sent``, each as ``asks``, and what is wrong with the others."""
    wrong = []
    for read, name in sent:
        try:
            question = link.with_part(question, replace(asks, value=uploads.keep(read(), name)))
        except InputError as error:
            wrong.append(error)
    return question, wrong


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
