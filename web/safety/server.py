"""Server: waitress, with a time by which a request must have come, and a line in the log for what it refuses itself."""

import socket
import time
from typing import Any

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask
from waitress.utilities import Error

from datasets.errors import InputError
from web.safety import watch

LINGER = 2.0  # seconds for which what comes after a refusal is thrown away


class TooSlow(Error):
    """A request that did not come whole in time."""

    code = 408
    reason = "Request Timeout"


class Told(ErrorTask):
    """The answer to what never reaches Django, with its line in the log."""

    def execute(self) -> None:
        """Answer, and tell."""
        error, request = self.request.error, self.request
        method, path = getattr(request, "command", "-"), getattr(request, "path", "-")
        watch.tell(error.code, str(self.channel.addr[0]), method, path, f"{error.reason}, {error.body}")
        self.channel.refused = True
        super().execute()


class Channel(HTTPChannel):
    """A connection that knows since when its request is coming, and whose client reads why it is refused.

    A connection that is closed while bytes still come is reset, and the client would lose the answer with it. So what
    comes after a refusal is thrown away for a moment (RFC 9112, 9.6).
    """

    error_task_class = Told
    refused = False
    begun: float | None = None  # when the request that is coming began to
    until: float | None = None  # when no more is thrown away

    def received(self, data: bytes) -> bool:
        """Take what came."""
        if self.request is None:
            self.begun = time.monotonic()
        taken = super().received(data)
        if self.request is None:
            self.begun = None
        return taken

    def hurry(self, now: float, patience: float) -> None:
        """End what takes too long: a request that has been coming for ``patience`` seconds, and the throwing away."""
        if self.until is not None and now > self.until:
            self.handle_close()
        if self.begun is None or now - self.begun < patience:
            return
        with self.requests_lock:
            request, self.request, self.begun = self.request, None, None
            if request is None or self.requests:
                return
            if not request.headers_finished:
                request.parse_header(b"GET / HTTP/1.0\r\n")  # what an answer takes
            request.error, request.completed = TooSlow(f"did not come whole within {patience:g} s"), True
            self.requests.append(request)
            self.server.add_task(self)

    def handle_close(self) -> None:
        """Close, of a refusal the own direction first."""
        if not self.refused or self.until is not None:
            super().handle_close()
            return
        self.until, self.will_close = time.monotonic() + LINGER, False
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:  # the client is gone
            super().handle_close()

    def readable(self) -> bool:
        """Whether more is taken."""
        return self.until is not None or super().readable()

    def writable(self) -> bool:
        """Whether there is something to send."""
        return self.until is None and super().writable()

    def handle_read(self) -> None:
        """Take what there is."""
        if self.until is None:
            super().handle_read()
        else:
            self.recv(65_536)  # at its end it closes


class Server(TcpWSGIServer):
    """Waitress on one address."""

    channel_class = Channel
    patience = 60.0  # seconds for a request to come whole

    def maintenance(self, now: float) -> None:
        """What is done every few seconds."""
        super().maintenance(now)
        for channel in list(self.active_channels.values()):
            channel.hurry(time.monotonic(), self.patience)


def bound(application: Any, *, listen: str, port: int, proxy: str, limits: dict[str, int], threads: int) -> Server:
    """A server that has its address and does not answer yet; raises InputError where it cannot have it.

    proxy : the address whose X-Forwarded-For and -Proto are believed, "" for none; others' are taken away
    limits : body (bytes), connections, patience (seconds)
    """
    believed = {"trusted_proxy": proxy, "trusted_proxy_count": 1} if proxy else {}
    headers = {"trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"}} if proxy else {}
    adjustments = Adjustments(
        **{"host": listen, "port": port, "threads": threads, "ident": None, **believed, **headers},
        max_request_body_size=limits["body"],
        max_request_header_size=32 * 2**10,
        connection_limit=limits["connections"],
        channel_timeout=limits["patience"] + 15,
        cleanup_interval=1,
        asyncore_use_poll=True,
        clear_untrusted_proxy_headers=True,
        recv_bytes=256 * 2**10,  # at a time; of a photograph waitress's 8 kB are a thousand turns
        inbuf_overflow=8 * 2**20,  # bytes of a request that stay in memory
        log_socket_errors=False,
    )
    try:
        server = Server(application, adj=adjustments, _start=False)
    except OSError as error:
        raise InputError(f"--listen={listen} --port={port}: {error.strerror}; give another --port") from None
    server.patience = float(limits["patience"])
    return server
