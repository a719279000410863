"""The page of what was done, by whom and when, newest first; each change can be taken back."""

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from web.annotate.views.rows import shared
from web.galleries.models import Gallery
from web.search.views import first_of

_AT_ONCE = 100


@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """Changes from the place ``first`` on."""
    gallery, first = get_object_or_404(Gallery, slug=slug), first_of(request.GET)
    changes = gallery.changes.select_related("of").annotate(count=Count("steps")).order_by("-pk")
    found = list(changes[first : first + _AT_ONCE + 1])
    after = first + _AT_ONCE if len(found) > _AT_ONCE else None
    return render(
        request, "annotate/history.html", {**shared(request, gallery), "changes": found[:_AT_ONCE], "after": after}
    )
