"""A training session: the epochs that a run still has to train, and what is kept and recorded of each."""

import dataclasses
import importlib.metadata
import logging
from collections.abc import Iterator, Mapping, Sized
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np
from tensorboardX import SummaryWriter

from datasets.errors import RunFailed
from datasets.images import skipped
from datasets.images.base import ImageSet
from datasets.images.skipped import Skipped
from datasets.sources.overlap import overlap
from embedding import build
from embedding.options import TrainOptions
from embedding.training.fit import Diverged, Epoch, Schedule, fit
from embedding.training.run import Run, SeenRun
from embedding.training.workers import Team

log = logging.getLogger(__name__)

Viz = SummaryWriter | None

_PACKAGES = ("mxnet", "mxnet-cu112", "gluoncv", "numpy", "opencv-python", "faiss-cpu", "faiss-gpu")


def describe(options: TrainOptions, images: ImageSet, own: Mapping[str, Any]) -> dict[str, Any]:
    """What options.json tells: the options, ``own`` settings of the loss, the data and the versions."""
    installed = {found.metadata["Name"]: found.version for found in importlib.metadata.distributions()}
    return {
        **own,
        **dataclasses.asdict(options),
        "dataset": images.title,
        "fingerprint": images.fingerprint(),
        "versions": {name: installed[name] for name in _PACKAGES if name in installed},
    }


def tell(options: TrainOptions, run: Run, images: ImageSet, parts: build.Parts) -> None:
    """Log what is trained on, what chooses and what tests, and that batches are smaller than asked for, if they are."""
    log.info("%s: %s", run.folder, parts.batches)
    if not images.several_labels:
        log.info("%s", _classes(images, parts.batches.images))
    asked, k, size = options.batch_size, options.batch_k, parts.batches.batch_size
    if k > 1 and size < asked:
        wanted = f"--batch-size={asked} asks for {asked // k} classes of {k} images"
        log.info("%s; the set has %d training classes, so batches hold %d images", wanted, size // k, size)


def tell_overlap(run: Run, images: ImageSet) -> None:
    """Say before anything is extracted or trained which images the parts of the set share, by their content."""
    found = overlap(images)
    tell = log.warning if found.leaks else log.info
    for line in found.lines():
        tell("%s", line)
    if not run.epoch:
        run.record(kind="overlap", lines=found.lines(), leaks=len(found.leaks))


def _classes(images: ImageSet, training: ImageSet) -> str:
    """How many classes ``images`` has, and how many train, choose and test; ``training`` is what is held out of it."""
    of = {
        "train": training.train,
        "choose the best checkpoint": training.query,
        "test": np.concatenate([images.query, images.gallery]),
    }
    classes = {use: np.unique(images.labels[rows]) for use, rows in of.items()}
    if np.isin(classes["choose the best checkpoint"], classes["train"]).any():  # images are held out, not classes
        del classes["choose the best checkpoint"]
    count = len(np.unique(np.concatenate(list(classes.values()))))
    return f"{count} classes: " + ", ".join(f"{len(found)} {use}" for use, found in classes.items() if len(found))


@contextmanager
def skipping(options: TrainOptions, run: Run, images: Sized) -> Iterator[Skipped]:
    """What a run notes those of its ``images`` in that it cannot read; told at its end, and kept in skipped.csv.

    A run that goes on begins with what it had noted before. However it ends, the file is written.
    """
    file, noted = run.folder / skipped.NAME, Skipped(len(images), max_bad=options.max_bad)
    try:
        if run.epoch:
            noted.load(file)
        yield noted
    finally:
        noted.save(file)
    if line := noted.line(file):
        log.warning("%s", line)


def resume(options: TrainOptions, run: SeenRun, parts: build.Parts, devices: build.Devices) -> None:
    """Load the last checkpoint, and log from where the training goes on, or that nothing is left of it."""
    run.restore(parts.net, parts.loss, parts.optimizers, devices)
    if run.epoch < options.epochs:
        log.info("going on after epoch %d", run.epoch)
    else:
        log.info("already trained for %d epoch%s", run.epoch, "s" * (run.epoch > 1))


def epochs(
    options: TrainOptions, run: SeenRun, parts: build.Parts, devices: build.Devices, team: Team
) -> Iterator[Epoch]:
    """Train the epochs that are not yet in the folder of the run; raises RunFailed where the training diverges."""
    found = fit(
        parts.trained,
        parts.loss,
        parts.batches.epoch,
        optimizers=parts.optimizers,
        schedule=Schedule(options.lr, options.drops, options.factor, options.epochs if options.cosine else 0),
        epochs=options.epochs,
        contexts=devices,
        first=run.epoch + 1,
        seed=options.seed + team.rank,  # workers that drew the same numbers would draw less by chance
        log_interval=options.log_interval,
        progress=build.interactive() and not team.rank,
    )
    done = run.epoch
    try:
        for epoch in found:
            yield epoch
            done = epoch.number
    except Diverged as error:
        kept = f"epoch {done} is kept in {run.folder / 'last'}" if done else "no epoch was finished"
        raise RunFailed(f"{error}; {kept}; try again with a lower --lr or with {options.AGAINST_DIVERGING}") from None


def viz(options: TrainOptions, run: Run) -> AbstractContextManager[Viz]:
    """Where --use-viz writes to, or nothing."""
    return SummaryWriter(str(run.folder / "tensorboard")) if options.use_viz else nullcontext()


def keep(run: Run, parts: build.Parts, epoch: Epoch, score: Mapping[str, float], writer: Viz, **more: float) -> None:
    """Record an epoch and save the network, as the best one too where its ``score`` is the best so far.

    score : {name: value} of the network on what is held out for validation; empty where nothing is, and every epoch is
        then the best
    more : what else metrics.jsonl is to tell of the epoch
    """
    _record(run, epoch, {f"validation {name}": value for name, value in score.items()}, writer, more)
    if complaint := parts.loss.complaint(epoch.loss):
        log.warning("epoch %d: %s", epoch.number, complaint)
    best, value = run.state.get("best"), next(iter(score.values()), None)
    if value is None or best is None or value >= best:
        best = value
        run.keep_as_best(epoch.number, parts.net, score)
    parts.skipped.save(run.folder / skipped.NAME)
    run.save(epoch.number, parts.net, parts.loss, parts.optimizers, best=best)


def _record(run: Run, epoch: Epoch, score: dict[str, float], writer: Viz, more: Mapping[str, float]) -> None:
    values = {"loss": epoch.loss, "images_per_second": epoch.images_per_second, "seconds": epoch.seconds}
    values |= score | dict(more)
    run.record(kind="epoch", epoch=epoch.number, **values)
    shown = "".join(f", {name} {value:.4f}" for name, value in score.items())
    log.info("epoch %d: loss %.4f, %.0f images/s%s", epoch.number, epoch.loss, epoch.images_per_second, shown)
    if writer:
        for name, value in values.items():
            writer.add_scalar(name.replace("@", "_at_").replace(" ", "_"), value, epoch.number)
        writer.flush()


def record_row(run: Run, row: str, data: str, scores: Mapping[str, float]) -> None:
    """Record the scores of a row of the table: of what, on which data. What counts queries is a whole number."""
    run.record(kind="scores", row=row, data=data, **scores)
    shown = [f"{name} {value:.{0 if name.startswith('queries ') else 4}f}" for name, value in scores.items()]
    log.info("%s: %s", row, ", ".join(shown))
