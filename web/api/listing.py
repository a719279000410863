"""Listing: the page on which people read what programs can ask."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from web.api.endpoint import BODY, QUERY, Endpoint
from web.api.openapi import BASE
from web.api.shapes.kinds import members, parted
from web.api.table import ENDPOINTS


@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """All endpoints, as the description has them."""
    return render(request, "api/page.html", {"endpoints": [_told(one) for one in ENDPOINTS]})


def _told(endpoint: Endpoint) -> dict[str, Any]:
    """What the page says of an endpoint."""
    return {
        "method": endpoint.method,
        "address": BASE + endpoint.address,
        "name": endpoint.name,
        "scope": endpoint.scope or "",
        "summary": endpoint.summary,
        "more": endpoint.more,
        "media": endpoint.media,
        "fields": [
            (where, name, words, is_needed)
            for where in (QUERY, BODY)
            if where in endpoint.types
            for name, words, is_needed in _fields(endpoint.types[where])
        ],
    }


def _fields(shape: type) -> Iterator[tuple[str, str, bool]]:
    """Of each field its name, what it says, and whether it must be given."""
    for name, field in members(shape).items():
        yield name, parted(field.kind).words, field.needed
