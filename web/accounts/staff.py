"""Staff: pages for who manages galleries and people."""

import functools
from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

View = Callable[..., HttpResponse]


def staff_only(view: View) -> View:
    """A view that refuses whoever is not staff with 403."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *found: object, **named: object) -> HttpResponse:
        if not request.user.is_staff:
            raise PermissionDenied
        return view(request, *found, **named)

    return guarded
