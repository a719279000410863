"""Train with several workers on this machine: MXNet's scheduler, its servers, and the workers, started and stopped.

python scripts/launch.py --workers=2 scripts/train_margin.py --kvstore=dist_sync

Behind the launcher's own flags stands what every process runs: a Python file, or one of the commands here by its name,
train-margin, with its flags; a -- may stand before it. The workers share each batch, and the first writes the run
folder. When one process fails the others are stopped, and the exit code is its own; started again, the command goes on.

On several machines, start the same training command once as the scheduler, once as each server and once as each
worker, with DMLC_ROLE=scheduler, server or worker, and for all of them DMLC_PS_ROOT_URI=ADDRESS and
DMLC_PS_ROOT_PORT=PORT of the scheduler, DMLC_NUM_WORKER=N and DMLC_NUM_SERVER=M; DMLC_NODE_HOST is a machine's own
address where it has several. All must see the same --runs folder. Nothing stops the others there when one fails.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import command

from datasets.errors import InputError

_HOST = "127.0.0.1"
_GRACE = 2.0  # seconds for the others to end by themselves after one has failed
_END = 20.0  # seconds for scheduler and servers to end after the workers


@dataclass(frozen=True, kw_only=True)
class LaunchOptions:
    """Train with several workers on this machine; the training command and its flags stand behind these."""

    workers: int = 2
    """Processes that train together; they share the cores where OMP_NUM_THREADS is not set."""
    servers: int = 1
    """Processes that add up gradients."""


class Part:
    """One process of the cluster; ``name`` says which, as in "worker process 1"."""

    def __init__(self, role: str, number: int, script: list[str], variables: dict[str, str]) -> None:
        self.name, self.works = f"{role} process {number}", role == "worker"
        self._complaints: list[str] = []
        shown = role == "worker" and not number  # one that is shown as if it were alone, with its progress bars
        self._process = subprocess.Popen(
            [sys.executable, *script],
            env={**os.environ, **variables, "DMLC_ROLE": role},
            stdin=subprocess.DEVNULL,
            stdout=None if self.works else subprocess.DEVNULL,
            stderr=None if shown else subprocess.PIPE,
            text=True,
            errors="replace",
        )
        self._reader = None if shown else threading.Thread(target=self._read, daemon=True)
        if self._reader:
            self._reader.start()

    @property
    def code(self) -> int | None:
        """Its exit code, 128 and more where a signal ended it, None as long as it runs."""
        code = self._process.poll()
        return code if code is None or code >= 0 else 128 - code

    @property
    def complaint(self) -> str:
        """What it said at its end that was not shown: its errors, and all that servers and scheduler say."""
        if self._reader:
            self._reader.join(timeout=1)
        return "".join(self._complaints)

    def stop(self) -> None:
        """End it now: what it has written is whole at any moment."""
        self._process.kill()
        self._process.wait()

    def _read(self) -> None:
        """Show warnings as they come; keep the error that ends it, which all workers may have."""
        for line in self._process.stderr or ():
            if self.works and not line.startswith("error: "):
                print(line, end="", file=sys.stderr, flush=True)
            else:
                self._complaints.append(line)


def launch(options: LaunchOptions, script: list[str]) -> int:
    """Run ``script`` in a cluster of processes until all have ended; the first exit code that is not 0, or 0."""
    _check(options)
    script = _found(script)
    parts: list[Part] = []
    variables = _variables(options)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    ours = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for this process, which stops the others
    try:
        for role, count in (("scheduler", 1), ("server", options.servers), ("worker", options.workers)):
            parts += [Part(role, number, script, variables) for number in range(count)]
        signal.signal(signal.SIGINT, ours)
        return _wait(parts)
    finally:
        for part in parts:
            part.stop()


def split(words: list[str]) -> tuple[list[str], list[str]]:
    """The launcher's own flags, and the command: what stands behind a --, or from the first word on that is no flag."""
    place = 0
    while place < len(words) and words[place].startswith("-") and words[place] != "--":
        place += 2 if words[place] in ("--workers", "--servers") else 1  # its number is a word of its own
    return words[:place], words[place + 1 :] if words[place : place + 1] == ["--"] else words[place:]


def _check(options: LaunchOptions) -> None:
    for name, count in vars(options).items():
        if count < 1:
            raise InputError(f"--{name}={count}: must be above 0")


def _found(script: list[str]) -> list[str]:
    """The command with the file that it names; raises InputError where it names none."""
    if script and (script[0].startswith("-") or Path(script[0]).is_file()):
        return script
    if script and (known := command.SCRIPTS.get(script[0])):
        return [str(known), *script[1:]]
    given = f"{script[0]} is no script" if script else "no training command"
    raise InputError(f"{given}; behind the launcher's flags, name one and its own: train-margin --kvstore=dist_sync")


def _variables(options: LaunchOptions) -> dict[str, str]:
    """By what the processes find each other, and how many cores each has."""
    with socket.socket() as free:
        free.bind((_HOST, 0))
        port = free.getsockname()[1]
    threads = max(1, (os.cpu_count() or 1) // options.workers)
    return {
        "DMLC_PS_ROOT_URI": _HOST,
        "DMLC_PS_ROOT_PORT": str(port),
        "DMLC_NODE_HOST": _HOST,
        "DMLC_NUM_WORKER": str(options.workers),
        "DMLC_NUM_SERVER": str(options.servers),
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(threads)),
    }


def _wait(parts: list[Part]) -> int:
    workers = [part for part in parts if part.works]
    while not (failed := _first_failed(parts)) and _running(workers):
        time.sleep(0.1)
    if failed:
        return _tell(failed, workers)
    end = time.monotonic() + _END
    while _running(parts) and time.monotonic() < end:
        time.sleep(0.1)
    return 0


def _first_failed(parts: list[Part]) -> Part | None:
    return next((part for part in parts if part.code), None)


def _running(parts: list[Part]) -> bool:
    return any(part.code is None for part in parts)


def _tell(failed: Part, workers: list[Part]) -> int:
    """Say what ended a process, unless the one that is shown has said it for all; its exit code."""
    end = time.monotonic() + _GRACE
    while _running(workers[:1]) and time.monotonic() < end:
        time.sleep(0.1)
    code = failed.code or 1
    if not failed.works or not 0 < (workers[0].code or 0) < 128:
        print(failed.complaint, end="", file=sys.stderr)
    if code >= 128:
        print(f"error: signal {code - 128} ended {failed.name}; the others were stopped", file=sys.stderr)
    return code


def main(options: LaunchOptions, script: list[str]) -> None:
    """Run the training command in a cluster and end with its exit code."""
    sys.exit(launch(options, script))


if __name__ == "__main__":
    own, script = split(sys.argv[1:])
    command.main(lambda options: main(options, script), LaunchOptions, own)
