"""Staff: who may manage galleries; everybody else is refused."""

from collections.abc import Callable
from functools import wraps

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

View = Callable[..., HttpResponse]


def staff_only(view: View) -> View:
    """The view, for staff alone."""

    @wraps(view)
    def only(request: HttpRequest, *words: object, **more: object) -> HttpResponse:
        if not request.user.is_staff:
            raise PermissionDenied
        return view(request, *words, **more)

    return only
