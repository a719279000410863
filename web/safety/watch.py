"""Watch: one line in the log for each request that is refused: the status, who asked, for what, and why."""

import logging
import unicodedata
from collections.abc import Callable
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse

log = logging.getLogger("web.refused")

LONGEST = 200  # characters of what a client chose that a line may have


def watch(inner: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware, the outermost: what is refused anywhere within is told."""

    def watched(request: HttpRequest) -> HttpResponse:
        answer = inner(request)
        if 400 <= answer.status_code < 500:
            why = getattr(answer, "why", "") or answer.reason_phrase
            tell(answer.status_code, request.META.get("REMOTE_ADDR", ""), request.method or "", request.path, why)
        return answer

    return watched


def tell(status: int, client: str, method: str, path: str, why: str) -> None:
    """Write the line. Never the query, which may hold what people look for, and nothing that could begin a new line."""
    log.warning("refused %d %s %s %s: %s", status, _plain(client), _plain(method), quote(path[:LONGEST]), _plain(why))


def _plain(text: str) -> str:
    kept = "".join(" " if unicodedata.category(one)[0] in "CZ" else one for one in text[:LONGEST])
    return " ".join(kept.split())
