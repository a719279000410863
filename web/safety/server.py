"""Server: waitress, with a time by which a request must have come, and a line in the log for what it refuses itself."""

import time
from typing import Any

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask
from waitress.utilities import Error

from datasets.errors import InputError
from web.safety import watch


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
        super().execute()


class Channel(HTTPChannel):
    """A connection that knows since when its request is coming."""

    error_task_class = Told
    begun: float | None = None

    def received(self, data: bytes) -> bool:
        """Take what came."""
        if self.request is None:
            self.begun = time.monotonic()
        taken = super().received(data)
        if self.request is None:
            self.begun = None
        return taken

    def hurry(self, now: float, seconds: float) -> None:
        """Refuse the request where it has been coming for longer."""
        if self.begun is None or now - self.begun < seconds:
            return
        with self.requests_lock:
            request, self.request, self.begun = self.request, None, None
            if request is None or self.requests:
                return
            if not request.headers_finished:
                request.parse_header(b"GET / HTTP/1.0\r\n")  # what an answer takes
            request.error, request.completed = TooSlow(f"did not come whole within {seconds:g} s"), True
            self.requests.append(request)
            self.server.add_task(self)


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
        log_socket_errors=False,
    )
    try:
        server = Server(application, adj=adjustments, _start=False)
    except OSError as error:
        raise InputError(f"--listen={listen} --port={port}: {error.strerror}; give another --port") from None
    server.patience = float(limits["patience"])
    return server
