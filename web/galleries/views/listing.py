"""Pages of galleries."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from web.galleries.models import Gallery


def list_all(request: HttpRequest) -> HttpResponse:
    """All galleries."""
    return render(request, "galleries/list.html", {"galleries": Gallery.objects.select_related("active")})
