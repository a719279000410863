"""Table: every endpoint of the API. Views, addresses and the description are made from it."""

import functools
from typing import Any

from django.http import HttpRequest

from web.accounts.models import Token
from web.api.endpoint import Endpoint
from web.api.openapi import described
from web.api.views import galleries, search

READ, ANNOTATE, MANAGE = Token.Scope.READ, Token.Scope.ANNOTATE, Token.Scope.MANAGE


def openapi(request: HttpRequest) -> dict[str, Any]:
    """This description."""
    return _description()


ENDPOINTS = (
    Endpoint("GET", "openapi.json", openapi, None),
    Endpoint("GET", "galleries", galleries.galleries, READ),
    Endpoint("GET", "galleries/<slug:slug>", galleries.gallery, READ),
    Endpoint("POST", "galleries/<slug:slug>/search", search.search, READ),
)

BY_ROUTE = {one.route: [other for other in ENDPOINTS if other.route == one.route] for one in ENDPOINTS}


@functools.cache
def _description() -> dict[str, Any]:
    return described(ENDPOINTS)
