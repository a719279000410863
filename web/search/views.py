"""Pages of the search."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from web.galleries.models import Gallery


def page(request: HttpRequest, slug: str) -> HttpResponse:
    """The page on which one gallery is searched."""
    return render(request, "search/page.html", {"gallery": get_object_or_404(Gallery, slug=slug)})
