"""The pages of classes: all of them, and one, which can be renamed, merged and split."""

import numpy as np
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from datasets.errors import InputError
from web.annotate import classes
from web.annotate.rows import near, parts, row
from web.annotate.rows.row import Row
from web.annotate.views.change import whole
from web.annotate.views.rows import Facts, shared
from web.galleries.models import Gallery
from web.search.views import first_of

_AT_ONCE = 120  # pictures of a class
_CLASSES = 200


@require_safe
def all_of_them(request: HttpRequest, slug: str) -> HttpResponse:
    """All classes, or those whose names hold what is asked for."""
    gallery = get_object_or_404(Gallery, slug=slug)
    asked, first = request.GET.get("q", "").strip(), first_of(request.GET)
    found = [one for one in classes.all_classes(gallery) if asked.casefold() in one.name.casefold()]
    after = first + _CLASSES if first + _CLASSES < len(found) else None
    covers = gallery.pictures.in_bulk([one.cover for one in found[first : first + _CLASSES]])
    shown = [(one, covers.get(one.cover)) for one in found[first : first + _CLASSES]]
    facts = {"found": shown, "count": len(found), "asked": asked, "after": after}
    return render(request, "annotate/classes.html", {**shared(request, gallery), **facts})


@require_safe
def one_of_them(request: HttpRequest, slug: str) -> HttpResponse:
    """The pictures of one class, oddest first or by number; in parts; or what may be of it too."""
    gallery = get_object_or_404(Gallery, slug=slug)
    name, show = request.GET.get("name", ""), request.GET.get("show", "all")
    its = classes.one_class(gallery, name)
    facts: Facts = {**shared(request, gallery), "its": its, "show": show}
    try:
        facts |= _shown(gallery, its, show, request)
    except InputError as error:
        return render(request, "annotate/class.html", {**facts, "mistake": str(error)}, status=400)
    return render(request, "annotate/class.html", facts)


def _shown(gallery: Gallery, its: classes.Class, show: str, request: HttpRequest) -> Facts:
    if show == "parts":
        count = whole("parts", request.GET.get("parts", "2"))
        return {"rows": parts.parts(gallery, its.name, count), "parts": count}
    if show == "more":
        return {"rows": [near.more_of(gallery, its.name)]}
    first = first_of(request.GET)
    if show == "odd":
        numbers = near.oddest_first(gallery, its.name)[first : first + _AT_ONCE]
    else:
        every = classes.of_class(gallery, its.name).values_list("pk", flat=True)
        numbers = np.array(every[first : first + _AT_ONCE], np.int64)
    pictures = row.pictures(gallery, numbers)
    after = first + _AT_ONCE if first + _AT_ONCE < its.count else None
    return {"rows": [Row(its.name, "", pictures, its.count, chosen=False)], "after": after}
