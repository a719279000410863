"""The page of pairs: do these two show the same thing?"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from datasets.errors import InputError
from web.annotate import pairs
from web.annotate.rows import likely
from web.annotate.views.change import whole
from web.annotate.views.rows import Facts, shared
from web.galleries.models import Gallery
from web.search.views import first_of

_LAST = 24  # pairs that were told, shown below
_CONTRADICTIONS = 50


@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """Likely pairs, of the picture ``like`` or of pictures drawn by the lot ``first``, and what was told last."""
    gallery, draw = get_object_or_404(Gallery, slug=slug), first_of(request.GET)
    like = whole("like", request.GET["like"]) if request.GET.get("like") else None
    facts: Facts = {**shared(request, gallery), "like": like, "draw": draw, "after": draw + 1}
    told = gallery.pairs.exclude(told="").select_related("first", "second")
    facts |= {"last": told.order_by("-pk")[:_LAST], "count": told.count()}
    wrong = pairs.contradictions(gallery)[:_CONTRADICTIONS] if facts["count"] else []
    by_pictures = {(one.first_id, one.second_id): one for one in told.filter(first__in=[one for one, _ in wrong])}
    facts["wrong"] = [by_pictures[both] for both in wrong if both in by_pictures]
    try:
        facts["likely"] = likely.likely(gallery, like=like, draw=draw)
    except InputError as error:
        return render(request, "annotate/pairs.html", {**facts, "mistake": str(error)}, status=400)
    return render(request, "annotate/pairs.html", facts)
