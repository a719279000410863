"""scripts/serve.py: its flags, its first start, its end."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from datasets.errors import InputError

SCRIPTS = Path(__file__).resolve().parents[3] / "scripts"


@pytest.fixture
def options(monkeypatch):
    """Its options, without starting anything."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import serve

    return serve.ServeOptions


def refused(tmp_path, *flags, **variables) -> str:
    """The one line with which it ends, with exit code 2."""
    given = {name: value for name, value in os.environ.items() if name != "SECRET_KEY"}
    words = [sys.executable, str(SCRIPTS / "serve.py"), f"--data={tmp_path / 'data'}", *flags]
    done = subprocess.run(words, env={**given, **variables}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and done.stderr.startswith("error: ") and done.stderr.count("\n") == 1, done.stderr
    return done.stderr


@pytest.mark.parametrize(
    "flags, complaint",
    [
        ({"port": 99999}, "--port=99999: must be from 0 to 65535"),
        ({"threads": 0}, "--threads=0: must be at least 1"),
        ({"listen": "0.0.0.0"}, "--listen=0.0.0.0: others could come in, over plain HTTP"),
        ({"listen": "::"}, "--listen=::: others could come in"),
        ({"listen": "192.168.1.5"}, "--listen=192.168.1.5: others could come in"),
        ({"listen": "localhost"}, "must be an address in numbers"),
        ({"host": "a", "proxy": "proxy"}, "--proxy=proxy: must be an address in numbers"),
        ({"host": "https://photos.example.org/"}, "must be a name alone"),
        ({"host": "*"}, "must be a name alone"),
        ({"host": ".example.org"}, "must be a name alone"),
        ({"run": "runs/x"}, "--run=runs/x: embeds pictures, and none are named"),
    ],
)
def test_flags_that_do_not_go_are_refused(options, flags, complaint, monkeypatch):
    monkeypatch.delenv("WEB_HOST", raising=False)
    with pytest.raises(InputError) as found:
        options(**flags).check()
    assert complaint in str(found.value)


def test_flags_that_go(options):
    for flags in ({}, {"listen": "::1"}, {"host": "a.b-c.org", "listen": "0.0.0.0"}, {"run": "a", "images": "b"}):
        options(**flags).check()


@pytest.mark.slow
def test_what_the_machine_refuses_is_one_line(tmp_path, serving):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"--port={port}: Address already in use" in refused(tmp_path, f"--port={port}")
    assert "SECRET_KEY is not set" in refused(tmp_path, "--host=photos.example.org")
    assert "could be guessed" in refused(tmp_path, "--host=photos.example.org", SECRET_KEY="x" * 60)
    (tmp_path / "file").write_text("")
    assert "cannot be made" in refused(tmp_path, f"--data={tmp_path / 'file' / 'data'}")
    assert "is in use by another process" in refused(tmp_path, f"--data={serving.log.parent / 'data'}", "--port=0")
    assert "is not there" in refused(tmp_path, "--port=0", "--run=runs/none", f"--images={tmp_path}")
    assert "WEB_BODY=much: must be a whole number" in refused(tmp_path, WEB_BODY="much")
    assert "others may read this key" in refused(tmp_path, f"--data={opened_to_all(tmp_path)}")


def opened_to_all(tmp_path) -> Path:
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "secret-key").write_text("x" * 64)
    (tmp_path / "open" / "secret-key").chmod(0o644)
    return tmp_path / "open"


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_begins_from_nothing_ends_when_told_and_begins_again(tmp_path, start, how):
    first = start(tmp_path / "data")
    key = (tmp_path / "data" / "secret-key").read_text()
    assert first.ask("GET", "/accounts/login/").status == 200 and len(re.findall("password", first.said)) <= 1
    assert first.stop(how) == 0 and "Traceback" not in first.said
    second = start(tmp_path / "data")
    assert (tmp_path / "data" / "secret-key").read_text() == key
    assert "password" not in second.said and second.ask("GET", "/").status == 302


@pytest.mark.slow
def test_it_starts_where_there_is_no_mxnet(tmp_path, start):
    blocked = tmp_path / "blocked"
    for name in ("mxnet", "gluoncv"):
        (blocked / name).mkdir(parents=True)
        (blocked / name / "__init__.py").write_text("raise ImportError('no MXNet on this machine')")
    paths = os.pathsep.join((str(blocked), os.environ.get("PYTHONPATH", "")))
    assert start(tmp_path / "data", PYTHONPATH=paths).ask("GET", "/accounts/login/").status == 200
