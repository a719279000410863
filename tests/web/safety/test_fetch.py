"""Fetch: a picture by its address; against servers on loopback addresses, some of which stand for the internet."""

import errno
import http.server
import socket
import threading
import time
from io import BytesIO

import pytest
from PIL import Image

from web.safety import addresses, fetch, uploads
from web.safety.refusals import Refused

PUBLIC, PRIVATE = "127.0.0.2", "127.0.0.1"  # what stands for the internet here, and what is really ours


def jpeg(size=(40, 30)) -> bytes:
    file = BytesIO()
    Image.new("RGB", size, "red").save(file, "JPEG")
    return file.getvalue()


class Pages(http.server.BaseHTTPRequestHandler):
    """Answers by path; counts who came."""

    came = []

    def do_GET(self):
        self.came.append((self.server.server_address[0], self.path, self.headers["Host"]))
        status, headers, body = self.server.pages.get(self.path, (404, {}, b""))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.drip(body) if self.path == "/slow" else self.wfile.write(body)

    def drip(self, body):
        for place in range(len(body)):
            try:
                self.wfile.write(body[place : place + 1])
            except OSError:
                return
            time.sleep(0.01 if place > 600 else 0)

    def log_message(self, *args):
        pass


def on_one_port(*hosts):
    """A server an address, all on one port, as fetch goes to one port only; drawn again where one of them is taken."""
    while True:
        servers = []
        try:
            for host in hosts:
                port = servers[0].server_port if servers else 0
                servers.append(http.server.ThreadingHTTPServer((host, port), Pages))
            return servers
        except OSError as error:
            for server in servers:
                server.server_close()
            if error.errno != errno.EADDRINUSE:
                raise


@pytest.fixture
def internet(settings, monkeypatch):
    """A server that counts as public, with pictures, and one that does not; of names, what resolves to which."""
    settings.FETCH, Pages.came = True, []
    image = {"Content-Type": "image/jpeg"}
    pages = {
        "/a.jpg": (200, image, jpeg()),
        "/onward": (302, {"Location": "/a.jpg"}, b""),
        "/circle": (302, {"Location": "/circle"}, b""),
        "/inward": (302, {"Location": f"http://{PRIVATE}/a.jpg"}, b""),
        "/by-name": (307, {"Location": "http://inside.example/a.jpg"}, b""),
        "/file": (302, {"Location": "file:///etc/passwd"}, b""),
        "/page": (200, {"Content-Type": "text/html"}, b"<html>"),
        "/not": (200, image, b"<html><script>alert(1)</script>"),
        "/large": (200, {**image, "Content-Length": str(10**9)}, jpeg()),
        "/endless": (200, image, jpeg() + bytes(200_000)),
        "/slow": (200, image, jpeg() + bytes(500)),
        "/empty": (200, image, b""),
        "/cut": (200, {**image, "Content-Length": "50000"}, jpeg()),
    }
    servers = on_one_port(PUBLIC, PRIVATE)
    for server in servers:
        server.pages = pages
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.005}, daemon=True).start()
    monkeypatch.setitem(fetch.PORTS, "http", servers[0].server_port)
    monkeypatch.setattr(addresses, "is_public", lambda number: number == PUBLIC)
    names = {"outside.example": PUBLIC, "inside.example": PRIVATE, PUBLIC: PUBLIC, PRIVATE: PRIVATE}
    asked, really = [], socket.getaddrinfo

    def resolve(host, port, *args, **more):
        asked.append(host)
        return really(names.get(host, host), port, *args, **more)

    monkeypatch.setattr(addresses.socket, "getaddrinfo", resolve)
    settings.LIMITS = {**settings.LIMITS, "body": 100_000}
    yield names, asked
    for server in servers:
        server.shutdown()
        server.server_close()


def test_it_works(internet):
    assert fetch.fetch("http://outside.example/a.jpg") == jpeg()
    assert fetch.fetch("http://outside.example/onward") == jpeg()
    assert Pages.came[0] == (PUBLIC, "/a.jpg", f"outside.example:{fetch.PORTS['http']}")


def test_it_is_off_where_nobody_switched_it_on(settings):
    assert settings.FETCH is False
    with pytest.raises(Refused, match="send the picture itself") as refused:
        fetch.fetch("http://outside.example/a.jpg")
    assert refused.value.status == 403


@pytest.mark.parametrize("place", [f"http://{PRIVATE}/a.jpg", "http://inside.example/a.jpg"])
def test_a_network_of_ours_is_not_asked(internet, place):
    with pytest.raises(Refused, match="no picture to be had"):
        fetch.fetch(place)
    assert Pages.came == []


@pytest.mark.parametrize("path", ["/inward", "/by-name", "/file"])
def test_nor_is_it_where_an_address_leads_there(internet, path):
    with pytest.raises(Refused):
        fetch.fetch(f"http://outside.example{path}")
    assert {host for host, *_ in Pages.came} == {PUBLIC}


def test_a_name_that_changes_its_address_is_resolved_once(internet, monkeypatch):
    names, asked = internet
    first = addresses.resolved

    def then_changed(host, port):
        number = first(host, port)
        names[host] = PRIVATE
        return number

    monkeypatch.setattr(addresses, "resolved", then_changed)
    assert fetch.fetch("http://outside.example/a.jpg") == jpeg()
    assert asked.count("outside.example") == 1 and Pages.came[0][0] == PUBLIC


@pytest.mark.parametrize("path", ["/circle", "/page", "/not", "/large", "/endless", "/empty", "/cut", "/nothing"])
def test_what_is_no_picture_is_refused(internet, path):
    with pytest.raises(Refused) as refused:
        fetch.fetch(f"http://outside.example{path}")
    assert 400 <= refused.value.status < 500


def test_a_slow_one_is_cut(internet, monkeypatch):
    monkeypatch.setattr(fetch, "SECONDS", 0.4)
    start = time.monotonic()
    with pytest.raises(Refused):
        fetch.fetch("http://outside.example/slow")
    assert time.monotonic() - start < 2


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "a.jpg",
            "//outside.example/a.jpg",
            "file:///etc/passwd",
            "ftp://outside.example/a.jpg",
            "data:image/png,",
        ),
        *("gopher://outside.example/", "http://", "http://a:b@outside.example/", "http://outside.example:22/"),
        *("http://[::1", "http://outside.example:99999/", "javascript:alert(1)", "http://a\x00b/", "../../etc/passwd"),
    ],
)
def test_what_is_no_address_of_a_picture_is_refused(internet, url):
    with pytest.raises(Refused):
        fetch.fetch(url)
    assert Pages.came == []


def test_no_request_is_smuggled_in_an_address(internet):
    with pytest.raises(Refused):
        fetch.fetch("http://outside.example/x HTTP/1.1\r\nHost: inside\r\n\r\nGET /y")
    assert all("\r" not in path and " " not in path for _, path, _ in Pages.came)


def test_https_takes_the_certificate_of_the_name():
    line = fetch._Line(fetch.urlsplit("https://outside.example/"), PUBLIC, time.monotonic() + 1)
    assert line._secure.check_hostname and line._secure.verify_mode == fetch.ssl.CERT_REQUIRED


def test_what_is_fetched_is_looked_at(internet, monkeypatch):
    monkeypatch.setattr(uploads, "_wrong", lambda data: "holds a script")
    with pytest.raises(Refused, match="a.jpg: holds a script"):
        fetch.fetch("http://outside.example/a.jpg")
