"""Plain: behind a proxy with TLS, neither a session nor a token is taken over plain HTTP, where all read it."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from web.safety.refusals import answered


def plain(inner: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: refuses them; what comes without goes on, to be sent to https://."""

    def guarded(request: HttpRequest) -> HttpResponse:
        shown = settings.SESSION_COOKIE_NAME in request.COOKIES or "Authorization" in request.headers
        if settings.PUBLIC and shown and not request.is_secure():
            why = _("a session or a token came over plain HTTP: use https://, and sign out or revoke it")
            return answered(request, 403, why)
        return inner(request)

    return guarded
