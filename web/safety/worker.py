"""Worker: the process that embeds, started beside the server, started again when it dies, stopped with it."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WAITS = (1.0, 5.0, 30.0)  # seconds before it is started again
GRACE = 10.0  # seconds that it has to come to an end


@contextlib.contextmanager
def beside(*words: str) -> Iterator[None]:
    """Keep ``python -m web.manage <words>`` running as long as the block does."""
    over = threading.Event()
    keeper = threading.Thread(target=_keep, args=(words, over), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join(GRACE + 5)


def _keep(words: tuple[str, ...], over: threading.Event) -> None:
    died = 0
    while not over.is_set():
        process = _started(words)
        while process.poll() is None and not over.wait(0.2):
            pass
        if over.is_set():
            _stop(process)
            return
        over.wait(WAITS[min(died, len(WAITS) - 1)])
        died += 1


def _started(words: tuple[str, ...]) -> subprocess.Popen[bytes]:
    """In a session of its own: Ctrl-C is for the server, which stops it."""
    paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    return subprocess.Popen(
        [sys.executable, "-m", "web.manage", *words],
        env={**os.environ, "PYTHONPATH": paths},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
