"""Bridge: our end of the pipe to a library in another environment; Method: what its index is asked, and timed by."""

import os
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ann_bench.environments import wire
from ann_bench.environments.environment import Environment
from ann_bench.measuring import clock

_CHILD = Path(__file__).with_name("child.py")
_LAST_WORDS = 300  # characters of what it complained about


class Bridge:
    """A process of another Python, begun when it is first asked; one question at a time."""

    def __init__(self, environment: Environment, **about: Any) -> None:
        """about : what the engine there is made with"""
        self._environment, self._about = environment, about
        self._child: subprocess.Popen | None = None
        self._turn = threading.Lock()

    def ask(self, do: str, *arrays: np.ndarray, rest: Sequence[Any] = (), **settings: Any) -> list[np.ndarray]:
        """Let the engine do one thing; raises RuntimeError with what it says where it cannot, or has gone."""
        said, found = self._asked({"do": do, "rest": list(rest), "settings": settings}, arrays)
        clock.add_busy(said["busy"])
        return found

    def run(self, ask: str, calls: Sequence[tuple[Any, ...]]) -> clock.Run:
        """As ``clock.run``, and by the same clock, where the library is: the way there and back is no search."""
        alike = all(call[1:] == calls[0][1:] for call in calls)
        rests = [list(call[1:]) for call in (calls[:1] if alike else calls)]
        cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        message = {"do": "run", "ask": ask, "rests": rests, "calls": len(calls), "cores": cores}
        queries = wire.below_each_other([call[0] for call in calls])
        said, (seconds, *found) = self._asked(message, [queries])
        neighbors, *distances = (list(array.reshape(len(calls), -1, array.shape[1])) for array in found)
        answers = zip(neighbors, distances[0] if distances else [None] * len(calls), strict=True)
        return clock.Run(list(answers), seconds, said["busy"], said["waited"])

    def _asked(self, message: wire.Message, arrays: Sequence[np.ndarray]) -> tuple[wire.Message, list[np.ndarray]]:
        with self._turn:
            if self._child is None:
                self._begin()
            return self._answer(message, arrays)

    def _begin(self) -> None:
        environment = self._environment
        command = [environment.python, "-I", _CHILD, _CHILD.parent.parent, f"{environment.name}_engine"]
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 (as long as the child)
        self._child = subprocess.Popen(
            list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._words
        )
        self._answer({"do": "begin", "settings": self._about}, ())

    def _answer(self, message: wire.Message, arrays: Sequence[np.ndarray]) -> tuple[wire.Message, list[np.ndarray]]:
        try:
            wire.send(self._child.stdin, message, arrays)
            said, found = wire.receive(self._child.stdout)
        except (OSError, EOFError):
            raise RuntimeError(f"{self._environment.name}'s own process {self._ending()}") from None
        if "error" in said:
            raise RuntimeError(said["error"])
        return said, found

    def _ending(self) -> str:
        """How it ended, and its last words."""
        code = self._child.wait()
        self._words.seek(0)
        words = self._words.read().decode(errors="replace").strip().splitlines()
        said = f": {' '.join(words[-1].split())[-_LAST_WORDS:]}" if words else ""
        return f"was killed by signal {-code}{said}" if code < 0 else f"ended with exit code {code}{said}"

    def end(self) -> None:
        """Let the process go, and wait until it has."""
        if self._child is not None:
            for pipe in (self._child.stdin, self._child.stdout, self._words):
                pipe.close()
            self._child.wait()
            self._child = None

    def __del__(self) -> None:
        """A process that nobody can ask any more."""
        self.end()


@dataclass(frozen=True)
class Method:
    """A way of asking a library elsewhere: a call goes there and back; ``run`` times many where the library is."""

    bridge: Bridge
    name: str

    def __call__(self, queries: np.ndarray, *rest: Any) -> tuple[np.ndarray, np.ndarray | None]:
        """Neighbors, and their distances or None, as ``Index.find`` gives them."""
        neighbors, *distances = self.bridge.ask(self.name, queries, rest=rest)
        return neighbors, distances[0] if distances else None

    def run(self, calls: Sequence[tuple[Any, ...]]) -> clock.Run:
        """All calls, each timed by itself."""
        return self.bridge.run(self.name, calls)
