"""Elsewhere: an index whose library is in another environment; what it is asked goes over a bridge."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ann_bench.environments.bridge import Bridge, Method
from ann_bench.environments.environment import Environment
from ann_bench.indexes import base
from ann_bench.indexes.base import Value

PROCESS = 60_000_000  # bytes of another Python with NumPy and the library, and no vectors


class Elsewhere(base.Index):
    """Its methods are its engine's, a class ``Engine`` in ``environments/<environment>_engine.py``.

    ``find`` is a Method, so that the harness's clock runs where the library is.
    """

    environment: ClassVar[Environment]
    shared = False  # one question at a time goes over the pipe

    def engine(self, **about: Any) -> None:
        """Say what the engine is made with; it is made when it is first asked."""
        self._bridge = Bridge(self.environment, dim=self.dim, metric=self.metric, count=self.count, **about)
        self.find = Method(self._bridge, "find")  # type: ignore[method-assign]

    def set_threads(self, threads: int) -> None:
        self._bridge.ask("set_threads", threads=threads)

    def add(self, rows: np.ndarray) -> None:
        self._bridge.ask("add", rows)

    def finish(self) -> None:
        self._bridge.ask("finish")

    def save(self, path: Path) -> None:
        self._bridge.ask("save", path=str(path.absolute()))

    def load(self, path: Path) -> None:
        self._bridge.ask("load", path=str(path.absolute()))

    def tune(self, **search: Value) -> None:
        self.check_search(search)
        self._bridge.ask("tune", **search)
