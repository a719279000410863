"""What stands behind an address is asked for again where the network fails, and refused in one line where it is not."""

import http.server
import threading

import pytest

from datasets.errors import InputError
from datasets.files import address, contents


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers the next of ``server.answers``: a status, or "cut" for a reply that breaks off."""

    def do_GET(self):
        answer = self.server.answers.pop(0)
        self.server.asked.append(self.path)
        self.send_response(200 if answer == "cut" else answer)
        self.send_header("Content-Type", self.server.kind)
        self.send_header("Content-Length", "7")
        if answer == 302:
            self.send_header("Location", self.path)
        self.end_headers()
        self.wfile.write(b"pic" if answer == "cut" else b"picture")

    def log_message(self, *_):
        """Keep the tests' output clean."""


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(address, "WAITS", (0.0, 0.01, 0.01))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.answers, running.asked, running.kind = [], [], "image/jpeg"
        running.address = f"http://127.0.0.1:{running.server_port}"
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running
        running.shutdown()


@pytest.mark.parametrize("answers", [[200], [503, 200], ["cut", 429, 200]])
def test_a_picture_comes_in_spite_of_a_bad_network(server, answers):
    server.answers = list(answers)
    assert contents.read(f"{server.address}/a b/ü.jpg?x=1&y=%20") == b"picture"
    assert server.asked == ["/a%20b/%C3%BC.jpg?x=1&y=%20"] * len(answers)


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([404], "the server answered 404 Not Found"),
        ([403], "the server answered 403 Forbidden"),
        ([500, 502, 503], "the server answered 503 Service Unavailable, in 3 tries"),
        (["cut"] * 3, r"no connection \(.*\), in 3 tries"),
    ],
)
def test_why_there_is_none_is_said_once(server, answers, reason):
    server.answers = list(answers)
    with pytest.raises(contents.Unopened, match=reason) as error:
        contents.read(f"{server.address}/a.jpg")
    assert error.value.path == f"{server.address}/a.jpg"
    assert len(server.asked) == len(answers)


def test_redirects_in_a_circle_are_said_in_one_line(server):
    server.answers = [302] * 20
    with pytest.raises(contents.Unopened, match="the server answered 302 .*infinite loop") as error:
        contents.read(f"{server.address}/a.jpg")
    assert len(str(error.value).splitlines()) == 1


def test_a_web_page_is_no_picture(server):
    server.answers, server.kind = [200], "text/html; charset=utf-8"
    with pytest.raises(contents.Unopened, match="web page"):
        contents.read(f"{server.address}/a.jpg")


def test_a_server_that_is_not_there_and_a_wrong_address_are_said(monkeypatch):
    monkeypatch.setattr(address, "WAITS", (0.0, 0.01))
    with pytest.raises(contents.Unopened, match=r"no connection \(.*refused.*\), in 2 tries"):
        contents.read("http://127.0.0.1:1/a.jpg")
    with pytest.raises(contents.Unopened, match="is no address"):
        contents.read("http://127.0.0.1:port/a.jpg")


def test_other_addresses_are_read_by_fsspec():
    fsspec = pytest.importorskip("fsspec")
    with fsspec.open("memory://pets/a.jpg", "wb") as file:
        file.write(b"picture")
    assert contents.read("memory://pets/a.jpg") == b"picture"
    with pytest.raises(contents.Unopened, match="is not there"):
        contents.read("memory://pets/b.jpg")
    with pytest.raises(InputError, match="nonsense://a.jpg cannot be opened") as error:
        contents.read("nonsense://a.jpg")
    assert not isinstance(error.value, contents.Unopened)


def test_where_fsspec_is_missing_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "fsspec", None)
    with pytest.raises(InputError, match=r"pip install 'deepembedding\[cluster\]'"):
        contents.read("s3://bucket/a.jpg")


def test_paths_are_no_addresses():
    assert address.is_address("https://x/y") and address.is_address("s3://x")
    assert not any(map(address.is_address, ("/a/b", "a.jpg", "c:/x.jpg", "c://x.jpg", "pics/http://x")))
