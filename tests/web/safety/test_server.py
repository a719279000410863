"""The server itself, as it stands on a machine: where it listens, what it refuses before Django sees it."""

import socket
import threading
import time

import psutil
import pytest


def raw(serving, sent: bytes) -> bytes:
    """What comes back for bytes that no library would send."""
    with socket.create_connection(("127.0.0.1", serving.port), timeout=10) as line:
        line.sendall(sent)
        got = b""
        while part := line.recv(65536):
            got += part
        return got


def test_it_works(serving):
    answer = serving.ask("GET", "/accounts/login/")
    assert answer.status == 200 and "Sign in" in answer.text and answer.headers["Server"] is None
    assert serving.ask("GET", "/").status == 302


def test_it_listens_on_this_machine_alone(serving):
    """Of its process and all that it started."""
    process = psutil.Process(serving.process.pid)
    lines = [line for one in (process, *process.children(recursive=True)) for line in one.net_connections("inet")]
    listening = {line.laddr for line in lines if line.status == psutil.CONN_LISTEN}
    assert listening == {("127.0.0.1", serving.port)}
    assert not {line.laddr for line in lines if line.type == socket.SOCK_DGRAM}


def test_what_it_keeps_is_its_owners_alone(serving):
    data = serving.log.parent / "data"
    assert data.stat().st_mode & 0o777 == 0o700
    assert (data / "secret-key").stat().st_mode & 0o777 == 0o600 and len((data / "secret-key").read_text()) > 60


def test_a_host_of_others_is_refused(serving):
    """A page elsewhere whose name is made to lead to 127.0.0.1 (DNS rebinding) sends its own name."""
    before = len(serving.refused)
    for host in ("evil.example", f"evil.example:{serving.port}", "127.0.0.1.evil.example"):
        assert serving.ask("GET", "/accounts/login/", Host=host).status == 400
    assert len(serving.refused) == before + 3
    assert serving.ask("GET", "/", Host="localhost", X_Forwarded_Host="evil.example").status == 302


def test_nobody_is_believed_to_come_through_a_proxy(serving):
    answer = serving.ask("GET", "/nothing", X_Forwarded_For="10.9.9.9", X_Forwarded_Proto="https", Forwarded="for=1")
    assert answer.status in (302, 404) and "10.9.9.9" not in serving.said


def test_a_body_of_100_mb_is_refused_before_it_came(serving):
    before, size = len(serving.refused), 100_000_000
    got = raw(serving, b"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % size)
    assert got.startswith(b"HTTP/1.1 413 ")
    assert serving.refused[before:] == [
        "413 127.0.0.1 POST /accounts/login/: Request Entity Too Large, exceeds max_body of 300000"
    ]


def test_a_body_that_does_not_tell_its_length_is_cut(serving):
    chunk = b"10000\r\n" + bytes(65536) + b"\r\n"
    head = b"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert raw(serving, head + 4 * chunk + b"10000\r\n").startswith(b"HTTP/1.1 408 ")  # less, and then no more
    assert raw(serving, head + 5 * chunk).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "start",
    [
        b"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ",
    ],
)
def test_a_request_that_drips_is_refused(serving, start):
    """A byte now and then keeps a connection busy, but not for longer than a request may take."""
    before, began, got = len(serving.refused), time.monotonic(), b""
    with socket.create_connection(("127.0.0.1", serving.port)) as line:
        line.settimeout(0.1)
        line.sendall(start)
        while not got and time.monotonic() - began < 10:
            try:
                line.sendall(b"x")
                got = line.recv(4096)
            except TimeoutError:
                pass
    assert b" 408 " in got and 1 <= time.monotonic() - began < 5
    assert [line[:4] for line in serving.refused[before:]] == ["408 "]


def test_those_who_drip_keep_nobody_else_waiting(serving):
    lines = [socket.create_connection(("127.0.0.1", serving.port)) for _ in range(60)]
    for line in lines:
        line.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n")
    began = time.monotonic()
    assert serving.ask("GET", "/accounts/login/").status == 200 and time.monotonic() - began < 2
    for line in lines:
        line.close()


@pytest.mark.parametrize(
    "sent, status",
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: " + b"a" * 40_000 + b"\r\n\r\n", b"431"),
        (b"NONSENSE\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nA: b\rc\r\n\r\n", b"400"),
    ],
)
def test_what_is_no_request_is_refused_in_a_line(serving, sent, status):
    before = len(serving.refused)
    assert raw(serving, sent).split(b" ")[1] == status
    assert len(serving.refused) == before + 1


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/static/../web/settings.py",
            "/static/%2e%2e/%2e%2e/settings.py",
            "/static//etc/passwd",
            "/../../etc/passwd",
        ),
        *(
            "/static/pages/..%2f..%2f..%2fsettings.py",
            "/static/pages/%00",
            "/g/../../etc/passwd/",
            "/%ff%fe",
            "//x.example/",
        ),
        *("/static/pages/site.css%00.png", "/static/....//....//settings.py", "/g/%2e%2e%2f%2e%2e/", "/secret-key"),
    ],
)
def test_no_path_leads_to_a_file_of_ours(serving, path):
    answer = raw(serving, b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % path.encode())
    assert answer.split(b" ")[1] in (b"301", b"302", b"400", b"404")
    assert b"SECRET_KEY" not in answer and b"root:" not in answer
    assert b"Location: //" not in answer and b"Location: http" not in answer


def test_a_thousand_pictures_a_minute_are_not_taken(serving):
    statuses = []

    def send():
        for _ in range(40):
            statuses.append(
                serving.ask("POST", "/g/x/", b"--x--", Content_Type="multipart/form-data; boundary=x").status
            )

    threads = [threading.Thread(target=send) for _ in range(5)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(statuses) == 200 and statuses.count(429) >= 70 and set(statuses) <= {403, 429}
    assert serving.ask("GET", "/accounts/login/").status == 200
