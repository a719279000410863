"""Limits: how often a client may ask, in all, with pictures, and for a sign-in; more is refused with 429.

A client is an address, of IPv6 a network of 64 bits, which is what one customer has. Behind a proxy it is the address
that the proxy tells; what a client says of itself counts for nothing (``web.safety.server``).
"""

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from web.safety.refusals import answered

MOST = 10_000  # clients that are remembered
PICTURES = ("multipart/form-data", "image/", "application/octet-stream")  # what a body with a picture is declared as
FETCHES = "/address/"  # how an address ends that has a picture fetched, which is dearer than to send it


class Bucket:
    """Tokens of clients: a minute's worth at first, one for each request, coming back evenly over a minute."""

    def __init__(self) -> None:
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # client: tokens, and when they were counted
        self._lock = threading.Lock()

    def wait(self, client: str, a_minute: int, now: float) -> float:
        """Take a token; 0, or the seconds until there is one again."""
        with self._lock:
            tokens, then = self._left.pop(client, (float(a_minute), now))
            tokens = min(float(a_minute), tokens + (now - then) * a_minute / 60)
            self._left[client] = (max(tokens - 1, 0) if tokens >= 1 else tokens, now)
            if len(self._left) > MOST:
                self._left.popitem(last=False)
        return 0.0 if tokens >= 1 else (1 - tokens) * 60 / a_minute


_buckets = {kind: Bucket() for kind in ("requests", "uploads", "sign-ins")}


def forget() -> None:
    """Begin to count anew."""
    for kind in _buckets:
        _buckets[kind] = Bucket()


def limits(inner: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: refuses before anything is read or opened."""

    def limited(request: HttpRequest) -> HttpResponse:
        client = client_of(request)
        for kind in _kinds(request):
            most = settings.LIMITS[kind]
            wait = _buckets[kind].wait(client, most, time.monotonic()) if most else 0.0
            if wait:
                return _too_often(request, kind, most, wait)
        return inner(request)

    return limited


def client_of(request: HttpRequest) -> str:
    """Who is counted together."""
    word = request.META.get("REMOTE_ADDR", "")
    try:
        address = ipaddress.ip_address(word.partition("%")[0])
    except ValueError:
        return word
    if isinstance(address, ipaddress.IPv6Address) and not address.ipv4_mapped:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(getattr(address, "ipv4_mapped", None) or address)


def _kinds(request: HttpRequest) -> tuple[str, ...]:
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return ("requests",)
    if request.path == settings.SIGN_IN:
        return ("requests", "sign-ins")
    brings = (request.content_type or "").startswith(PICTURES) or request.path.endswith(FETCHES)
    return ("requests", "uploads") if brings else ("requests",)


def _too_often(request: HttpRequest, kind: str, most: int, wait: float) -> HttpResponse:
    why = {
        "requests": _("more than %(most)d requests a minute: wait a little"),
        "uploads": _("more than %(most)d pictures a minute: wait a little"),
        "sign-ins": _("more than %(most)d sign-ins a minute: wait a little"),
    }[kind]
    answer = answered(request, 429, why % {"most": most})
    answer["Retry-After"] = str(int(wait) + 1)
    return answer
