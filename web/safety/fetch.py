"""Fetch: a picture by its address in the internet, asked for on behalf of somebody who must not reach our networks.

Each address, and each to which it leads on, is resolved once; what it resolves to must be public, and is what is
connected to, so that a name which resolves otherwise a moment later gains nothing. No proxy of the environment is used.
"""

import http.client
import socket
import ssl
import threading
import time
from contextlib import suppress
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from web.safety import addresses, uploads
from web.safety.refusals import Refused

PORTS = {"http": 80, "https": 443}
HOPS = 3  # times that an address may lead on to another
SECONDS = 10.0  # for all of it
_KEPT = "%/:=&?~+!$,;'@()*"  # characters that mean something in a path and a query


def fetch(url: str) -> bytes:
    """The picture at ``url``, looked at by ``uploads.check``; raises Refused.

    What is there besides pictures, and whether anything is, is not told: it would be a map of our networks.
    """
    if not settings.FETCH:
        raise Refused(_("pictures are not fetched from addresses here; send the picture itself"), 403)
    end = time.monotonic() + SECONDS
    for _hop in range(HOPS + 1):
        answer, onward = _asked(_checked(url), end)
        if not onward:
            uploads.check(answer, urlsplit(url).path)
            return answer
        url = urljoin(url, onward)
    raise _nothing()


def _checked(url: str) -> SplitResult:
    """The parts of an address that may be asked; raises Refused."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _nothing() from None
    if parts.scheme not in PORTS or not host or parts.username is not None or parts.password is not None:
        raise Refused(_("give the address of a picture, https://..., without a name and a password"), 400)
    if port not in (None, PORTS[parts.scheme]):
        raise Refused(_("only addresses without a port of their own are asked"), 400)
    return parts


def _asked(parts: SplitResult, end: float) -> tuple[bytes, str]:
    """The bytes that are there, or where it leads on to."""
    try:
        with _Line(parts, addresses.resolved(parts.hostname or "", PORTS[parts.scheme]), end) as line:
            path = quote(parts.path or "/", safe=_KEPT) + (f"?{quote(parts.query, safe=_KEPT)}" if parts.query else "")
            headers = {"User-Agent": "deep-embedding", "Accept": "image/*", "Accept-Encoding": "identity"}
            line.request("GET", path, headers=headers)
            with line.getresponse() as answer:
                found = _answer(answer)
        if line.over:  # what came until then ends as if it were whole
            raise TimeoutError
        return found
    except (addresses.Private, OSError, http.client.HTTPException, ValueError):
        raise _nothing() from None


def _answer(answer: http.client.HTTPResponse) -> tuple[bytes, str]:
    if answer.status in (301, 302, 303, 307, 308):
        return b"", answer.headers.get("Location", "") or "/"
    most = settings.LIMITS["body"]
    if answer.status != 200 or not answer.headers.get_content_type().startswith("image/"):
        raise _nothing()
    data = b"" if (answer.length or 0) > most else answer.read(most + 1)
    if not data or len(data) > most or answer.length:  # nothing, too much, or less than was promised
        raise _nothing()
    return data, ""


class _Line(http.client.HTTPConnection):
    """A connection to an address in numbers, whatever its name would resolve to now, cut when its time is over."""

    def __init__(self, parts: SplitResult, number: str, end: float) -> None:
        super().__init__(parts.hostname or "", PORTS[parts.scheme])
        self._number, self._left = number, end - time.monotonic()
        self._secure = ssl.create_default_context() if parts.scheme == "https" else None
        self._open: socket.socket | None = None  # kept beside self.sock, which http.client lets go of early
        # A time limit of a socket begins anew with each byte that comes; this one does not.
        self.over = False
        self._clock = threading.Timer(max(0.0, self._left), self._cut)

    def __enter__(self) -> "_Line":
        self._clock.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._clock.cancel()
        self.close()

    def connect(self) -> None:
        """Connect; of TLS the certificate must be the name's."""
        if self._left <= 0:
            raise TimeoutError
        self.sock = self._open = socket.create_connection((self._number, self.port), timeout=self._left)
        if self._secure:
            secured = self._secure.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock = self._open = secured
            secured.do_handshake()

    def _cut(self) -> None:
        self.over = True
        with suppress(OSError):
            if self._open:
                socket.socket.shutdown(self._open, socket.SHUT_RDWR)


def _nothing() -> Refused:
    return Refused(_("there is no picture to be had at this address"), 400)
