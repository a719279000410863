"""Downloads by FTP arrive, go on after a cut, and name what is wrong."""

import hashlib
import socket
import socketserver
import threading
import urllib.error
from contextlib import suppress

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.files import download, ftp

BODY = np.random.default_rng(0).bytes(1_000_000)
MD5 = hashlib.md5(BODY).hexdigest()


class Handler(socketserver.StreamRequestHandler):
    """As much of FTP as it takes to give BODY as /pub/a set.tgz; the starts asked for are in ``server.asked``."""

    def handle(self):
        self.start, self.listener = 0, socket.socket()
        self.converse()
        self.listener.close()

    def converse(self):
        self.say("220 hello")
        for line in self.rfile:
            verb, _, argument = line.decode().strip().partition(" ")
            if verb in self.server.refused or (verb in ("SIZE", "RETR") and argument != "/pub/a set.tgz"):
                self.say(f"550 no {verb} {argument}")
            else:
                getattr(self, verb.lower())(argument)

    def say(self, line):
        self.wfile.write(f"{line}\r\n".encode())

    def user(self, _):
        self.say("230 come in")

    def type(self, _):
        self.say("200 bytes")

    def size(self, _):
        self.say(f"213 {len(BODY)}")

    def pasv(self, _):
        self.listener.close()
        self.listener = socket.create_server(("127.0.0.1", 0))
        port = self.listener.getsockname()[1]
        self.say(f"227 here (127,0,0,1,{port // 256},{port % 256})")

    def rest(self, argument):
        self.start = int(argument)
        self.say("350 from there")

    def retr(self, _):
        self.server.asked.append(self.start)
        if self.server.hung_up:
            return self.connection.shutdown(socket.SHUT_RDWR)
        self.say("150 it comes")
        with self.listener.accept()[0] as data, suppress(ConnectionError):  # who wants the first bytes only hangs up
            data.sendall(BODY[self.start :][: self.server.cut])
        self.server.cut, self.start = None, 0
        self.say("226 that was it")


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(download, "WAITS", (0.0, 0.01))
    monkeypatch.delenv("ftp_proxy", raising=False)
    monkeypatch.delenv("FTP_PROXY", raising=False)
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as running:
        running.asked, running.refused, running.cut = [], (), None
        running.hung_up = False
        running.daemon_threads = True
        running.address = f"ftp://127.0.0.1:{running.server_address[1]}/pub/a%20set.tgz"
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running
        running.shutdown()


def test_a_file_arrives_whole(server, tmp_path):
    assert download.fetch(server.address, tmp_path / "a", size=len(BODY), md5=MD5).read_bytes() == BODY
    assert server.asked == [0]


def test_a_cut_transfer_is_taken_up_where_it_ended(server, tmp_path):
    server.cut = 400_000
    assert download.fetch(server.address, tmp_path / "a", md5=MD5).read_bytes() == BODY
    assert server.asked == [0, 400_000]


def test_a_server_that_cannot_begin_elsewhere_sends_it_all(server, tmp_path):
    (tmp_path / "a.part").write_bytes(BODY[:1234])
    server.refused = ("REST",)
    assert download.fetch(server.address, tmp_path / "a", md5=MD5).read_bytes() == BODY
    assert server.asked == [0]


def test_a_part_longer_than_the_file_is_begun_anew(server, tmp_path):
    (tmp_path / "a.part").write_bytes(BODY + b"more")
    assert download.fetch(server.address, tmp_path / "a", md5=MD5).read_bytes() == BODY
    assert server.asked == [0]


def test_a_complete_part_is_kept(server, tmp_path):
    (tmp_path / "a.part").write_bytes(BODY)
    assert download.fetch(server.address, tmp_path / "a", md5=MD5).read_bytes() == BODY
    assert server.asked == [len(BODY)]


def test_the_first_bytes_only(server, tmp_path):
    assert download.fetch(server.address, tmp_path / "a", first=5000).read_bytes() == BODY[:5000]


def test_the_reply_is_as_that_of_http(server):
    with ftp.open_file(server.address, 999_990, 10.0) as reply:
        assert reply.status == 206 and reply.read() == BODY[-10:]
        assert reply.headers["Content-Length"] == "10" and reply.headers["Content-Range"].startswith("bytes 999990-")
    with ftp.open_file(server.address, 0, 10.0) as reply:
        assert reply.status == 200 and reply.read() == BODY


def test_a_file_that_is_not_there_is_named_at_once(server, tmp_path):
    with pytest.raises(InputError, match=r"/pub/b: the server answered 550 no SIZE /pub/b: is the address right"):
        download.fetch(server.address.replace("a%20set.tgz", "b"), tmp_path / "b")


def test_a_server_that_hangs_up_is_named(server, tmp_path):
    server.hung_up = True
    with pytest.raises(InputError, match=r"no connection \(the server hung up\), in 2 tries"):
        download.fetch(server.address, tmp_path / "a")


def test_no_server_is_another_try(server, tmp_path):
    server.shutdown()
    server.server_close()
    with pytest.raises(urllib.error.URLError, match="refused"):
        ftp.open_file(server.address, 0, 10.0)
    with pytest.raises(InputError, match=r"no connection \(.*refused.*\), in 2 tries"):
        download.fetch(server.address, tmp_path / "a")
