"""One run folder: options, log, metrics, checkpoints, and going on after a kill."""

import errno
import json
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from datasets.errors import InputError
from embedding.fit import Diverged, Optimizers
from embedding.mx import gluon, mx, nd

log = logging.getLogger(__name__)

# MXNet's multi_all_finite writes past its end, without a word, when it gets more than 200 arrays.
_MOST_ARRAYS = 200

_FULL = 2**20  # bytes left on a disk that is as good as full

# What may differ between the first start of a run and the next: where, how long and with what output it runs.
_FREE = (
    "epochs",
    "gpus",
    "workers",
    "use_viz",
    "report",
    "log_interval",
    "save_model_prefix",
    "name",
    "runs",
    "versions",
)


class Run:
    """The folder ``runs/<name>`` of a training run, new or begun before.

    ``options.json`` says how the run was started, ``log.txt`` and ``metrics.jsonl`` what happened, ``last`` and
    ``best`` hold checkpoints. A checkpoint is written beside its place and then moved into it, so that a kill at any
    moment leaves the one before; ``epoch`` is the last whole epoch, 0 in a new run.
    """

    def __init__(self, folder: Path, options: dict[str, Any]) -> None:
        self.folder = folder
        with _explained(folder, "make"):
            folder.mkdir(parents=True, exist_ok=True)
        for name in ("last", "best"):
            _finish_swap(folder / name)
        self.state = self._read_state()
        self._settle_options(options)
        self._cut_metrics()

    @property
    def epoch(self) -> int:
        """The last epoch that is saved whole."""
        return self.state.get("epoch", 0)

    def _read_state(self) -> dict[str, Any]:
        path = self.folder / "last" / "state.json"
        return json.loads(path.read_text()) if path.exists() else {}

    def _settle_options(self, options: dict[str, Any]) -> None:
        path = self.folder / "options.json"
        if self.epoch and path.exists():
            before = json.loads(path.read_text())
            for key in sorted(set(before) | set(options) - set(_FREE)):
                if key not in _FREE and before.get(key) != _plain(options.get(key)):
                    raise InputError(
                        f"{self.folder} holds a run with {key}={before.get(key)}, not {options.get(key)}:"
                        " give another --name, or remove the folder to start over"
                    )
        _write(path, json.dumps(options, indent=2, default=str))

    def _cut_metrics(self) -> None:
        """Drop what was measured after the checkpoint: it will be measured again."""
        path = self.folder / "metrics.jsonl"
        if path.exists():
            with _explained(path, "write"), open(path, "r+b") as file:
                file.truncate(min(self.state.get("metrics_bytes", 0), path.stat().st_size))

    @contextmanager
    def logging(self) -> Iterator[None]:
        """Append what is logged meanwhile to log.txt."""
        with _explained(self.folder, "write"):
            handler = logging.FileHandler(self.folder / "log.txt")
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        logging.getLogger().addHandler(handler)
        try:
            yield
        finally:
            logging.getLogger().removeHandler(handler)
            handler.close()

    def recorded(self, kind: str) -> list[dict[str, Any]]:
        """The lines of metrics.jsonl of one kind, in order."""
        path = self.folder / "metrics.jsonl"
        lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return [line for line in lines if line["kind"] == kind]

    def record(self, **values: Any) -> None:
        """Append a line to metrics.jsonl."""
        path = self.folder / "metrics.jsonl"
        with _explained(path, "write"), open(path, "a") as file:
            file.write(json.dumps(values) + "\n")

    def save(self, epoch: int, net: gluon.Block, loss: gluon.Block, optimizers: Optimizers, **state: Any) -> None:
        """Write the checkpoint ``last``; ``state`` is kept beside it. Raises Diverged where a weight is not finite."""
        nd.waitall()  # oneDNN may still be laying weights out anew, and reading them meanwhile gives scrambled ones
        _check_finite(net, epoch)
        metrics = self.folder / "metrics.jsonl"
        self.state = {"epoch": epoch, "metrics_bytes": metrics.stat().st_size if metrics.exists() else 0, **state}
        with _swap(self.folder / "last") as folder:
            net.save_parameters(str(folder / "net.params"))
            if loss.collect_params():
                loss.save_parameters(str(folder / "loss.params"))
            for i, trainer in enumerate(optimizers.trainers):
                trainer.save_states(str(folder / f"optimizer{i}.states"))
            (folder / "state.json").write_text(json.dumps(self.state))

    def keep_as_best(self, epoch: int, net: gluon.Block, score: float | None) -> None:
        """Write the checkpoint ``best`` with the validation score that made it so."""
        nd.waitall()
        with _swap(self.folder / "best") as folder:
            net.save_parameters(str(folder / "net.params"))
            (folder / "state.json").write_text(json.dumps({"epoch": epoch, "validation recall@1": score}))

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
    def _readable(self, checkpoint: Path) -> Iterator[None]:
        try:
            yield
        except (OSError, mx.base.MXNetError, AssertionError, ValueError) as error:
            reason = _last_line(error)
            raise InputError(f"{checkpoint}: cannot be read ({reason}); remove {self.folder} to start over") from None


def _check_finite(net: gluon.Block, epoch: int) -> None:
    arrays = [param.list_data()[0] for param in net.collect_params().values()]
    for start in range(0, len(arrays), _MOST_ARRAYS):
        part = arrays[start : start + _MOST_ARRAYS]
        if not nd.multi_all_finite(*part, num_arrays=len(part)).asscalar():
            raise Diverged(f"a weight is no longer finite after epoch {epoch}")


@contextmanager
def _swap(target: Path) -> Iterator[Path]:
    """An empty folder that takes the place of ``target`` when the block is left without an error."""
    new, old = target.with_name(target.name + ".new"), target.with_name(target.name + ".old")
    with _explained(target, "write"):
        try:
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir()
            yield new
            _flush(new)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)  # half a checkpoint is worth nothing, and its space may be
            raise
        # From here on both folders are whole: whichever of these steps a kill prevents, _finish_swap takes it.
        if target.exists():
            os.replace(target, old)
        os.replace(new, target)
        shutil.rmtree(old, ignore_errors=True)


def _finish_swap(target: Path) -> None:
    """Bring a swap that was killed to its end."""
    new, old = target.with_name(target.name + ".new"), target.with_name(target.name + ".old")
    if not target.exists() and old.exists():
        os.replace(new if new.exists() else old, target)
    for rest in (new, old):
        shutil.rmtree(rest, ignore_errors=True)


def _flush(folder: Path) -> None:
    """Wait until the files of ``folder`` are on the disk: a full one may say so only now."""
    for path in folder.iterdir():
        with open(path, "rb") as file:
            os.fsync(file.fileno())


@contextmanager
def _explained(path: Path, what: str) -> Iterator[None]:
    """Turn a failure of the file system into one line."""
    try:
        yield
    except (OSError, mx.base.MXNetError) as error:
        reason = getattr(error, "strerror", None) or _last_line(error)
        if shutil.disk_usage(path if path.exists() else path.parent).free < _FULL:  # MXNet does not tell why it failed
            reason = os.strerror(errno.ENOSPC)
        raise InputError(
            f"cannot {what} {path}: {reason}; free some space or choose another --runs folder, then start the same"
            " command again: it goes on from the last checkpoint"
        ) from None


def _write(path: Path, text: str) -> None:
    with _explained(path, "write"):
        part = path.with_name(path.name + ".part")
        part.write_text(text)
        os.replace(part, path)


def _plain(value: Any) -> Any:
    """``value`` as it comes back from JSON."""
    return json.loads(json.dumps(value, default=str))


def _last_line(error: BaseException) -> str:
    """What an error says; MXNet writes a traceback of its own before it."""
    return str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
