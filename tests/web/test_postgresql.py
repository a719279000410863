"""PostgreSQL: the tests of web/ against one that is started here, where it is installed."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
NOBODY = "nobody"  # PostgreSQL does not run as root


def program(name: str) -> str | None:
    """A program of PostgreSQL, which distributions keep off the path."""
    found = shutil.which(name) or max(map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), default=None)
    return found and os.path.realpath(found)


def as_user() -> dict[str, str]:
    return {"user": NOBODY} if os.geteuid() == 0 else {}


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """The address of a database of a server that is gone afterwards."""
    initdb, postgres = program("initdb"), program("postgres")
    if not (initdb and postgres):
        pytest.skip("PostgreSQL is not installed: apt install postgresql")
    place = Path("/tmp") if as_user() else tmp_path_factory.mktemp("postgresql")  # pytest's own is for one user
    folder = Path(
        subprocess.run(
            ["mktemp", "-d", "-p", place], text=True, capture_output=True, check=True, **as_user()
        ).stdout.strip()
    )
    try:
        how = {"cwd": folder, "capture_output": True, **as_user()}
        subprocess.run(
            [initdb, "-D", folder / "data", "-U", "web", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8"],
            check=True,
            **how,
        )
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        words = [
            "-D",
            folder / "data",
            "-p",
            str(port),
            "-k",
            folder,
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "fsync=off",
        ]
        server = subprocess.Popen([postgres, *words], cwd=folder, stderr=subprocess.DEVNULL, **as_user())
        _wait(port, server)
        yield f"postgres://web@127.0.0.1:{port}/postgres"
        server.send_signal(signal.SIGINT)
        server.wait(20)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(port: int, server: subprocess.Popen) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"PostgreSQL does not answer; exit code {server.poll()}")


@pytest.mark.slow
def test_all_of_web_runs_on_it(database):
    words = [sys.executable, "-m", "pytest", str(HERE), "-m", "not slow", "-p", "no:cacheprovider", "--create-db"]
    words += [f"--ignore={HERE / 'browser'}", f"--ignore={HERE / 'serving'}", f"--ignore={Path(__file__)}"]
    how = {"env": {**os.environ, "DATABASE_URL": database}, "cwd": HERE.parents[1]}
    done = subprocess.run(words, capture_output=True, text=True, **how)
    assert done.returncode == 0, done.stdout[-5000:]
    assert " passed" in done.stdout and "no tests ran" not in done.stdout


@pytest.mark.slow
def test_that_really_was_it(database):
    """The same settings, asked which database they have."""
    code = "import django; django.setup(); from django.db import connection; print(connection.vendor)"
    given = {"DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "web.settings"}
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, **given}, capture_output=True, text=True)
    assert done.stdout.strip() == "postgresql", done.stderr
