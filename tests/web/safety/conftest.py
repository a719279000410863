"""The server as its users start it, in a process of its own."""

import http.client
import logging
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


class Serving:
    """scripts/serve.py at work; ``port`` is where."""

    def __init__(self, data: Path, *flags: str, **variables: str) -> None:
        self.log = data.parent / f"{data.name}-{time.monotonic_ns()}.log"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("WEB_")}
        for name in ("SECRET_KEY", "DATABASE_URL", "DJANGO_SETTINGS_MODULE"):
            environment.pop(name, None)
        words = [sys.executable, str(ROOT / "scripts" / "serve.py"), f"--data={data}", "--port=0", *flags]
        with self.log.open("w") as out:
            self.process = subprocess.Popen(words, stdout=out, stderr=out, env={**environment, **variables})
        self.port = int(self.wait(r"http://[^/ ]+:(\d+)/")[1])

    @property
    def said(self) -> str:
        return self.log.read_text()

    @property
    def refused(self) -> list[str]:
        """The lines on what was refused, without their time."""
        return re.findall(r"refused (.*)", self.said)

    def wait(self, pattern: str, seconds: float = 60) -> re.Match[str]:
        end = time.monotonic() + seconds
        while not (found := re.search(pattern, self.said)):
            assert self.process.poll() is None and time.monotonic() < end, self.said
            time.sleep(0.02)
        return found

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> http.client.HTTPResponse:
        """An answer, read; headers with _ for -."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        line.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = line.getresponse()
        answer.text = answer.read().decode(errors="replace")
        line.close()
        return answer

    def stop(self, how: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(20)


@pytest.fixture(scope="module")
def serving(tmp_path_factory):
    """A server on this machine alone, with short patience."""
    started = Serving(tmp_path_factory.mktemp("served") / "data", WEB_PATIENCE="1", WEB_BODY="300000")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def public(tmp_path_factory):
    """A server that is told to be behind a proxy; the tests are its proxy."""
    data = tmp_path_factory.mktemp("public") / "data"
    started = Serving(data, "--host=photos.example.org", SECRET_KEY="a-key-of-tests-" * 4, WEB_REQUESTS_A_MINUTE="40")
    yield started
    started.stop()


@pytest.fixture
def start():
    """Starts servers of one test, which end with it."""
    started = []

    def begin(data: Path, *flags: str, **variables: str) -> Serving:
        started.append(Serving(data, *flags, **variables))
        return started[-1]

    yield begin
    for one in started:
        one.stop(signal.SIGKILL)


@pytest.fixture
def lines():
    """The lines of the log on what was refused, as they come."""
    from web.safety import watch

    told = []
    keeper = logging.Handler()
    keeper.emit = lambda record: told.append(record.getMessage())
    watch.log.addHandler(keeper)
    yield lambda: told
    watch.log.removeHandler(keeper)
