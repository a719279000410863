"""Views of one picture: it large, with its details and its tags."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from datasets.errors import InputError
from web.galleries.models import Picture
from web.search import link, shown, tags
from web.search.question import Filter, Part, Question


@require_safe
def picture(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """A page of its own."""
    return render(request, "search/picture.html", _facts(slug, number, request.GET))


@require_safe
def details(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """The same without a page around it."""
    return render(request, "search/details.html", _facts(slug, number, request.GET))


@require_POST
def tag(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Give it the tag that is sent."""
    its = _picture(slug, number)
    name = tags.add(its, request.POST.get("tag", ""))
    messages.success(request, _("The picture has the tag %(tag)s.") % {"tag": name})
    return _back(request, slug, number)


@require_POST
def untag(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Take the tag away."""
    its = _picture(slug, number)
    tags.remove(its, request.POST.get("tag", ""))
    return _back(request, slug, number)


def _back(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    asked = f"?{request.GET.urlencode()}" if request.GET else ""
    return redirect(reverse("search:picture", args=[slug, number]) + asked)


def _picture(slug: str, number: int) -> Picture:
    return get_object_or_404(Picture.objects.select_related("gallery"), gallery__slug=slug, pk=number)


def _facts(slug: str, number: int, asked: QueryDict) -> dict[str, object]:
    its, question = _picture(slug, number), _question(asked)
    folder = its.path.rpartition("/")[0]
    page = reverse("search:page", args=[slug])
    tile = shown.tile(its.gallery, its, question)
    return {
        "gallery": its.gallery,
        "picture": its,
        "asked": link.write(question),
        "tile": tile,
        "folder": folder,
        "of_folder": page + link.write(Question((), Filter(folder=folder))),
        "crop_link": page + shown.crop_link(Question((), question.filter, question.rerank), Part("picture", its.pk)),
        "tags": [_tag(page, name) for name in its.tags.values_list("name", flat=True)],
    }


def _tag(page: str, name: str) -> dict[str, str]:
    return {"name": name, "link": page + link.write(Question((), Filter(tags=(name,))))}


def _question(asked: QueryDict) -> Question:
    """What was asked before; nothing where that cannot be read: the picture is shown all the same."""
    try:
        return link.read(asked)
    except InputError:
        return Question(())
