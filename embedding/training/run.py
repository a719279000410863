"""One run folder: options, log, metrics, checkpoints, and going on after a kill; and as those see it who only read."""

import json
import logging
import os
import pickle
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from datasets.errors import InputError
from datasets.files import lock
from embedding.mx import gluon, mx, nd
from embedding.training.atomic import explained, finish_swap, last_line, swap, write_whole
from embedding.training.fit import Optimizers
from embedding.training.journal import Line, read_lines

# What may differ between the first start of a run and the next: where, how long and with what output it runs.
_FREE = (
    *("epochs", "gpus", "workers", "kvstore", "test_k", "radius", "raw_size"),
    *(
        "use_viz",
        "report",
        "log_interval",
        "save_model_prefix",
        "max_bad",
        "name",
        "runs",
        "data_path",
        "versions",
        "resume",
    ),
)


class SeenRun:
    """The folder of a training run as those see it who only read it; ``epoch`` is its last whole epoch, 0 if none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = self._read_state()

    @property
    def epoch(self) -> int:
        """The last epoch that is saved whole."""
        return self.state.get("epoch", 0)

    def check(self, options: dict[str, Any], epoch: int) -> None:
        """Raises InputError where this is not the folder that the first of several workers has opened.

        options : those of this worker; epoch : the last whole one that the first worker sees
        """
        if not (self.folder / "options.json").exists() or self.epoch != epoch:
            raise InputError(
                f"{self.folder} is not that of the first worker, at epoch {epoch}: all workers must see one disk;"
                " give --runs on it"
            )
        for key, before in self._differing(options, free=set(_FREE) - {"epochs"}):
            raise InputError(f"{key}={options.get(key)}, but the first worker has {before}: give all the same flags")

    def _differing(self, options: dict[str, Any], free: Iterable[str]) -> Iterator[tuple[str, Any]]:
        """What options.json has under the keys, other than ``free``, that differ in ``options``."""
        path = self.folder / "options.json"
        with self._readable(path):
            before = dict(json.loads(path.read_text()))
        for key in sorted((set(before) | set(options)) - set(free)):
            now = _plain(options.get(key))
            if before.get(key) != now and (key in before or now):  # or it is a flag of a later version, and not given
                yield key, before.get(key)

    def _read_state(self) -> dict[str, Any]:
        path = self.folder / "last" / "state.json"
        with self._readable(path):
            return dict(json.loads(path.read_text())) if path.exists() else {}

    def restore(self, net: gluon.Block, loss: gluon.Block, optimizers: Optimizers, contexts: list[mx.Context]) -> None:
        """Load the checkpoint ``last``, optimizer states included."""
        folder = self.folder / "last"
        with self._readable(folder):
            net.load_parameters(str(folder / "net.params"), ctx=contexts)
            if loss.collect_params():
                loss.load_parameters(str(folder / "loss.params"), ctx=contexts)
            for i, trainer in enumerate(optimizers.trainers):
                trainer.load_states(str(folder / f"optimizer{i}.states"))

    def restore_best(self, net: gluon.Block, contexts: list[mx.Context]) -> None:
        """Load the checkpoint ``best``."""
        with self._readable(self.folder / "best"):
            net.load_parameters(str(self.folder / "best" / "net.params"), ctx=contexts)

    @contextmanager
    def _readable(self, path: Path) -> Iterator[None]:
        damage = (
            OSError,
            mx.base.MXNetError,
            AssertionError,
            ValueError,
            TypeError,
            KeyError,
            EOFError,
            pickle.PickleError,
        )
        try:
            yield
        except damage as error:
            raise InputError(
                f"{path}: cannot be read ({last_line(error)}); remove {self.folder} to start over"
            ) from None


class Run(SeenRun):
    """The folder ``runs/<name>`` of a training run, new or begun before.

    ``options.json`` says how the run was started, ``log.txt`` and ``metrics.jsonl`` what happened, ``last`` and
    ``best`` hold checkpoints. A checkpoint is written beside its place and then moved into it, so that a kill at any
    moment leaves the one before; ``epoch`` is the last whole epoch, 0 in a new run. One process at a time has a folder:
    ``close()`` gives it free, and so does the end of the run object or of the process.
    """

    def __init__(self, folder: Path, options: dict[str, Any]) -> None:
        self.close = weakref.finalize(self, os.close, lock.hold(folder, flag="--name"))
        for name in ("last", "best"):
            finish_swap(folder / name)
        super().__init__(folder)
        self._settle_options(options)
        self._cut_metrics()

    def _settle_options(self, options: dict[str, Any]) -> None:
        path = self.folder / "options.json"
        if self.epoch and path.exists():
            differing = dict(self._differing(options, free=_FREE))
            if differing:
                raise InputError(
                    f"{self.folder} holds a run {_other(differing, options)}:"
                    " give another --name, or remove the folder to start over"
                )
            if options.get("epochs", self.epoch) < self.epoch:
                raise InputError(
                    f"--epochs={options['epochs']}: {self.folder} has already been trained for {self.epoch};"
                    " give more epochs to go on, or another --name to start anew"
                )
        write_whole(path, json.dumps(options, indent=2, default=str))

    def _cut_metrics(self) -> None:
        """Drop what was measured after the checkpoint: it will be measured again."""
        path = self.folder / "metrics.jsonl"
        if path.exists():
            with explained(path, "write"), open(path, "r+b") as file:
                whole = file.read(self.state.get("metrics_bytes", 0)).rpartition(b"\n")[0]  # a cut line is no line
                file.truncate(len(whole) + bool(whole))

    @contextmanager
    def logging(self) -> Iterator[None]:
        """Append what is logged meanwhile to log.txt."""
        with explained(self.folder, "write"):
            handler = logging.FileHandler(self.folder / "log.txt", encoding="utf-8", errors="backslashreplace")
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        logging.getLogger().addHandler(handler)
        try:
            yield
        finally:
            logging.getLogger().removeHandler(handler)
            handler.close()

    def recorded(self, kind: str) -> list[Line]:
        """The lines of metrics.jsonl of one kind, in order."""
        path = self.folder / "metrics.jsonl"
        lines = read_lines(path) if path.exists() else []
        return [line for line in lines if line.get("kind") == kind]

    def record(self, **values: Any) -> None:
        """Append a line to metrics.jsonl."""
        path = self.folder / "metrics.jsonl"
        with explained(path, "write"), open(path, "a") as file:
            file.write(json.dumps(values) + "\n")

    def save(self, epoch: int, net: gluon.Block, loss: gluon.Block, optimizers: Optimizers, **state: Any) -> None:
        """Write the checkpoint ``last``; ``state`` is kept beside it."""
        nd.waitall()  # oneDNN may still be laying weights out anew, and reading them meanwhile gives scrambled ones
        metrics = self.folder / "metrics.jsonl"
        self.state = {"epoch": epoch, "metrics_bytes": metrics.stat().st_size if metrics.exists() else 0, **state}
        with swap(self.folder / "last") as folder:
            net.save_parameters(str(folder / "net.params"))
            if loss.collect_params():
                loss.save_parameters(str(folder / "loss.params"))
            for i, trainer in enumerate(optimizers.trainers):
                trainer.save_states(str(folder / f"optimizer{i}.states"))
            (folder / "state.json").write_text(json.dumps(self.state))

    def keep_as_best(self, epoch: int, net: gluon.Block, score: Mapping[str, float]) -> None:
        """Write the checkpoint ``best`` with the validation score, {name: value}, that made it so."""
        nd.waitall()
        with swap(self.folder / "best") as folder:
            net.save_parameters(str(folder / "net.params"))
            state = {"epoch": epoch, **{f"validation {name}": value for name, value in score.items()}}
            (folder / "state.json").write_text(json.dumps(state))


def _other(before: dict[str, Any], options: dict[str, Any]) -> str:
    """What a run was begun with: of what differs ``before``, the data where they do, which explains all the rest."""
    if "fingerprint" not in before:
        key, value = next(iter(before.items()))
        begun, asked = ("nothing" if one in ("", None) else one for one in (value, options.get(key)))
        return f"with {key}={begun}, not {asked}"
    if "dataset" in before:
        return f"on other data, {before['dataset']} and not {options.get('dataset')}"
    return f"on other data of the name {options.get('dataset')}, or from another place"


def _plain(value: Any) -> Any:
    """``value`` as it comes back from JSON."""
    return json.loads(json.dumps(value, default=str))
