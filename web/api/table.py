"""Table: every endpoint of the API. Views, addresses and the description are made from it."""

import functools
from typing import Any

from django.http import HttpRequest

from web.accounts.models import Token
from web.api.endpoint import Endpoint
from web.api.openapi import described
from web.api.views import annotations, galleries, jobs, pictures, search
from web.api.views.asked import FormAsked

READ, ANNOTATE, MANAGE = Token.Scope.READ, Token.Scope.ANNOTATE, Token.Scope.MANAGE


def openapi(request: HttpRequest) -> dict[str, Any]:
    """This description."""
    return _description()


_GALLERY = "galleries/<slug:slug>"
_PICTURE = f"{_GALLERY}/pictures/<int:number>"
_PICTURES_SENT = {"image/*": None, "application/octet-stream": None}

ENDPOINTS = (
    Endpoint("GET", "openapi.json", openapi, None),
    Endpoint("GET", "galleries", galleries.galleries, READ),
    Endpoint("POST", "galleries", galleries.add_gallery, MANAGE, 202),
    Endpoint("GET", _GALLERY, galleries.gallery, READ),
    Endpoint("DELETE", _GALLERY, galleries.remove_gallery, MANAGE, 204),
    Endpoint("POST", f"{_GALLERY}/refresh", galleries.refresh_gallery, MANAGE, 202),
    Endpoint("GET", f"{_GALLERY}/jobs", jobs.jobs, READ),
    Endpoint("GET", "jobs/<int:number>", jobs.job, READ),
    Endpoint("POST", "jobs/<int:number>/stop", jobs.stop_job, MANAGE),
    Endpoint("POST", "jobs/<int:number>/go-on", jobs.go_on_with_job, MANAGE),
    Endpoint("POST", f"{_GALLERY}/search", search.search, READ),
    Endpoint("GET", f"{_GALLERY}/search", search.search_by_link, READ),
    Endpoint(
        "POST",
        f"{_GALLERY}/search/picture",
        search.search_by_picture,
        READ,
        media={**_PICTURES_SENT, "multipart/form-data": FormAsked},
    ),
    Endpoint("POST", f"{_GALLERY}/uploads", search.send_picture, READ, 201, media=_PICTURES_SENT),
    Endpoint("GET", f"{_GALLERY}/pictures", pictures.pictures, READ),
    Endpoint("GET", _PICTURE, pictures.picture, READ),
    Endpoint("GET", f"{_PICTURE}/small.jpg", pictures.small_picture, READ),
    Endpoint("GET", f"{_PICTURE}/large.jpg", pictures.large_picture, READ),
    Endpoint("PUT", f"{_PICTURE}/tags/<str:tag>", pictures.add_tag, ANNOTATE),
    Endpoint("DELETE", f"{_PICTURE}/tags/<str:tag>", pictures.remove_tag, ANNOTATE),
    Endpoint("GET", f"{_GALLERY}/classes", annotations.classes, READ),
    Endpoint("POST", f"{_GALLERY}/classes/rename", annotations.rename_class, ANNOTATE),
    Endpoint("POST", f"{_GALLERY}/classes/merge", annotations.merge_class, ANNOTATE),
    Endpoint("POST", f"{_GALLERY}/labels", annotations.label, ANNOTATE),
    Endpoint("POST", f"{_GALLERY}/pairs", annotations.pair, ANNOTATE),
    Endpoint("GET", f"{_GALLERY}/changes", annotations.changes, READ),
    Endpoint("POST", f"{_GALLERY}/changes/undo", annotations.undo, ANNOTATE),
    Endpoint("POST", f"{_GALLERY}/changes/redo", annotations.redo, ANNOTATE),
)

BY_ROUTE = {one.route: [other for other in ENDPOINTS if other.route == one.route] for one in ENDPOINTS}


@functools.cache
def _description() -> dict[str, Any]:
    return described(ENDPOINTS)
