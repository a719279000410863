"""What tests have done by the workers of a cluster: functions that they can import."""

import os
import signal
import time
from pathlib import Path

from datasets.errors import InputError, RunFailed


def square(number: int) -> int:
    return number * number


def process(_: int) -> int:
    """Slow enough for every worker to take one."""
    time.sleep(0.1)
    return os.getpid()


def killed_once(mark: Path, number: int) -> int:
    """The process that does number 3 is killed, the first time."""
    if number == 3 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def poison(number: int) -> int:
    """Whoever does number 2 is killed."""
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def mistaken(number: int) -> int:
    raise InputError(f"file {number}: is wrong; mend it")


def failing(number: int) -> int:
    raise RunFailed(f"number {number} cannot go on")


def environment(name: str) -> str | None:
    return os.environ.get(name)


def forever(number: int) -> int:
    """Tells that it has begun, and does not end."""
    print(number, flush=True)
    time.sleep(600)
    return number
