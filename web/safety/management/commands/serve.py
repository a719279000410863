"""Serve: everything made that a first start is lacking, and the pages served until Ctrl-C or SIGTERM."""

import contextlib
import os
import signal
import subprocess
import sys
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand
from django.core.wsgi import get_wsgi_application

from datasets.files import lock
from web.safety import server
from web.safety.server import Server


class Command(BaseCommand):
    """``python -m web.manage serve``; scripts/serve.py, which has flags for the settings too, calls it."""

    help = "Serve the search page."
    requires_system_checks = ()  # they open every app's models and urls; the first request does as well

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen, whom to believe."""
        parser.add_argument("--listen", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--proxy", default="127.0.0.1" if settings.PUBLIC else "")
        parser.add_argument("--threads", type=int, default=8)
        parser.add_argument("--run", default="")
        parser.add_argument("--images", default="")
        parser.add_argument("--demo", action="store_true")

    def handle(self, *words: str, **flags: Any) -> None:
        """Serve until told to stop."""
        with lock.alone(settings.DATA, flag="--data", name="server.lock"):
            where = {name: flags[name] for name in ("listen", "port", "proxy", "threads")}
            page = server.bound(get_wsgi_application(), **where, limits=settings.LIMITS)
            call_command("tables")
            if "first_account" in get_commands():
                call_command("first_account")
            if flags["images"]:
                network = "model" if flags["run"].endswith(".onnx") else "run"
                call_command("gallery", "add", images=flags["images"], once=True, **{network: flags["run"]})
            if flags["demo"]:
                call_command("demo")
            _begin_work()
            with _stopped_by_signals():
                _run(page, flags["listen"])


def _begin_work() -> None:
    """Have a process go on with the jobs that were left; it ends with them, and not with the server."""
    paths = os.pathsep.join(filter(None, (str(settings.ROOT.parent), os.environ.get("PYTHONPATH", ""))))
    with open(settings.DATA / "work.log", "ab") as log:
        subprocess.Popen(
            [sys.executable, "-m", "web.manage", "work"],
            env={**os.environ, "PYTHONPATH": paths},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _run(page: Server, listen: str) -> None:
    page.accept_connections()
    host = f"[{listen}]" if ":" in listen else listen
    local = f"http://{host}:{page.effective_port}/"
    print(f"https://{settings.HOST}/ by a proxy to {local}" if settings.PUBLIC else local, flush=True)
    try:
        page.run()  # comes back at KeyboardInterrupt and SystemExit, when what was asked has been answered
    finally:
        page.close()


@contextlib.contextmanager
def _stopped_by_signals() -> Any:
    """SIGTERM as Ctrl-C has it."""

    def stop(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_IGN)
        sys.exit(0)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
