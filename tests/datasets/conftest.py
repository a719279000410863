"""What the tests of downloaded sets share: a server of files that knows ranges, as those of the large sets do."""

import http.server
import threading

import pytest

from datasets.files import download


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves ``server.files``, name -> bytes; what was asked is in ``server.asked`` as (name, range)."""

    def do_GET(self):
        name, wanted = self.path.rpartition("/")[2], self.headers["Range"]
        self.server.asked.append((name, wanted))
        body = self.server.files.get(name)
        if body is None:
            return self.send_error(404)
        start, _, last = (wanted or "bytes=0-")[6:].partition("-")
        part = body[int(start) : int(last) + 1 if last else len(body)]
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(part)))
        self.send_header("Content-Range", f"bytes {start}-{int(start) + len(part) - 1}/{len(body)}")
        self.end_headers()
        self.server.sent += len(part)  # counted first: whoever has the bytes may look
        self.wfile.write(part)

    def log_message(self, *_):
        """Keep the tests' output clean."""


@pytest.fixture
def server(monkeypatch):
    """A running server without files yet; ``server.address`` is where they will be."""
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(download, "WAITS", (0.0, 0.01))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.files, running.asked, running.sent = {}, [], 0
        running.address = f"http://127.0.0.1:{running.server_port}"
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running
        running.shutdown()
