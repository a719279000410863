"""Worker processes of this machine: started, started again where they die, and ended."""

import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from datasets.cluster import place

# Dask's settings: its looks at itself, many times a second, take two hundredths of a core from every process.
CALM = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.admin.tick.interval": "1s",
}

_LIBRARIES = ("OMP", "OPENBLAS", "MKL", "NUMBA")  # <name>_NUM_THREADS is how many threads they take
_BRIEF = 0.2  # seconds before one is started again


class Workers:
    """``count`` processes that work for the scheduler at ``address``, until ``close``.

    They share the cores: every one is told to take its part of them. What they print is kept in a file, of which
    ``last_words`` tells the end.
    """

    def __init__(self, address: str, count: int, folder: Path) -> None:
        self._command = [sys.executable, "-P", "-m", "datasets.cluster.worker", str(os.getpid()), address, str(folder)]
        self._environment = _environment(max(1, place.cores() // count))
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  until close
        self._running: dict[int, subprocess.Popen] = {number: self._start() for number in range(count)}
        self._keepers = [threading.Thread(target=self._keep, args=(number,), daemon=True) for number in range(count)]
        for keeper in self._keepers:
            keeper.start()

    @property
    def processes(self) -> list[int]:
        """The process ids of those that run."""
        return [process.pid for process in self._running.values()]

    @property
    def all_failed(self) -> bool:
        """Whether every one ended by itself: none can be started here."""
        return all((process.poll() or 0) > 0 for process in self._running.values())

    def last_words(self) -> str:
        """The last line that any of them printed."""
        size = self._said.seek(0, os.SEEK_END)
        self._said.seek(max(0, size - 1000))
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        return lines[-1].strip() if lines else ""

    def close(self) -> None:
        """End them now."""
        with self._lock:
            self._closed.set()
            for process in self._running.values():
                process.kill()
        for keeper in self._keepers:
            keeper.join()
        self._said.close()

    def _start(self) -> subprocess.Popen:
        quiet = {"stdin": subprocess.DEVNULL, "stdout": self._said, "stderr": self._said}
        return subprocess.Popen(self._command, env=self._environment, start_new_session=True, **quiet)

    def _keep(self, number: int) -> None:
        """Start a process again whenever a signal has ended it."""
        while self._running[number].wait() < 0 and not self._closed.wait(_BRIEF):
            with self._lock:
                if not self._closed.is_set():
                    self._running[number] = self._start()


def _environment(threads: int) -> dict[str, str]:
    """Of a worker: it can import what this process can, and takes so many threads."""
    paths = [str(Path(path or ".").resolve()) for path in sys.path]
    limits = {f"{name}_NUM_THREADS": str(threads) for name in _LIBRARIES}
    calm = {f"DASK_{name.upper().replace('.', '__').replace('-', '_')}": str(value) for name, value in CALM.items()}
    return {**calm, **os.environ, **limits, "PYTHONPATH": os.pathsep.join(paths), "PYTHONSAFEPATH": "1"}
