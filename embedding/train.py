"""A metric-learning run from options to scores: what is built, trained for some epochs, judged, and kept."""

import dataclasses
import importlib.metadata
import logging
import shutil
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from tensorboardX import SummaryWriter

from datasets.errors import RunFailed
from datasets.images.base import ImageSet
from datasets.vectors import file as vectors_file
from embedding import build, losses
from embedding.decode import show_size
from embedding.fit import Diverged, Epoch, Schedule, fit
from embedding.judge import Judge, table
from embedding.losses.base import EmbeddingLoss
from embedding.mx import contexts, mx
from embedding.options import TrainOptions
from embedding.report import write_report
from embedding.run import Run, SeenRun
from embedding.team import Team

log = logging.getLogger(__name__)

_PACKAGES = ("mxnet", "mxnet-cu112", "gluoncv", "numpy", "opencv-python", "faiss-cpu", "faiss-gpu")


def train_with(options: TrainOptions, loss: str, **own: Any) -> Path:
    """``train`` with the loss of that name; ``own`` are settings of the loss itself, None where it has its default."""
    options.check()
    settings = losses.settings(loss, own)

    def make_loss(classes: int) -> EmbeddingLoss:
        return losses.get(loss).Loss(classes=classes, dim=options.embed_dim, batch_k=options.batch_k, **settings)

    return train(options, make_loss, loss_name=loss, own=settings)


def train(
    options: TrainOptions, make_loss: build.MakeLoss, *, loss_name: str, own: Mapping[str, Any] | None = None
) -> Path:
    """Train and judge a network as ``options`` say, with the loss that ``make_loss`` gives; returns the run folder.

    A run that was begun before goes on from its last checkpoint. The best checkpoint is the one with the highest
    recall@1 on held-out training classes; test classes are looked at before the first epoch and after the last only.

    own : settings of the loss that ``options`` may not hold; they are kept with them
    """
    options = options.with_data()
    options.check()
    devices = contexts(options.gpus)
    with Team(options.kvstore) as team:
        images = build.image_set(options)
        if options.idle:
            log.info("with --cache-features these change nothing: %s", ", ".join(options.idle))
        options = options.resolve(images)
        described = {**(own or {}), **_describe(options, images)}
        folder = options.runs / (options.name or f"{options.data}-{loss_name}")
        (_follow if team.rank else _lead)(options, described, folder, images, make_loss, devices, team)
    return folder


def _lead(
    options: TrainOptions,
    described: dict[str, Any],
    folder: Path,
    images: ImageSet,
    make_loss: build.MakeLoss,
    devices: build.Devices,
    team: Team,
) -> None:
    """What the first worker does, which most often is the only one."""
    run = Run(folder, described)
    with run.logging():
        mx.random.seed(options.seed)
        parts = build.parts(options, images, make_loss, devices, team)
        log.info("%s: %s", run.folder, parts.batches)
        team.told(run.epoch)
        if run.epoch:
            run.restore(parts.net, parts.loss, parts.optimizers, devices)
            log.info("going on after epoch %d", run.epoch)
        else:
            _judge_untrained(options, run, parts)
        with SummaryWriter(str(run.folder / "tensorboard")) if options.use_viz else nullcontext() as viz:
            _keep_epochs(run, parts, _epochs(options, run, parts, devices, team), viz)
        _judge_trained(options, run, parts, devices)
    run.close()


def _follow(
    options: TrainOptions,
    described: dict[str, Any],
    folder: Path,
    images: ImageSet,
    make_loss: build.MakeLoss,
    devices: build.Devices,
    team: Team,
) -> None:
    """What the other workers do: the same epochs on their part of every batch; they judge and write nothing."""
    epoch = team.told(0)  # the first worker has opened the folder by now, and saves nothing before all have trained
    run = SeenRun(folder)
    run.check(described, epoch)
    mx.random.seed(options.seed)
    parts = build.parts(options, images, make_loss, devices, team)
    if epoch:
        run.restore(parts.net, parts.loss, parts.optimizers, devices)
    for _ in _epochs(options, run, parts, devices, team):
        pass


def _epochs(
    options: TrainOptions, run: SeenRun, parts: build.Parts, devices: build.Devices, team: Team
) -> Iterator[Epoch]:
    """The epochs that are not yet in the folder of the run."""
    epochs = fit(
        parts.trained,
        parts.loss,
        parts.batches.epoch,
        optimizers=parts.optimizers,
        schedule=Schedule(options.lr, options.drops, options.factor),
        epochs=options.epochs,
        contexts=devices,
        first=run.epoch + 1,
        seed=options.seed + team.rank,  # workers that drew the same numbers would draw less by chance
        log_interval=options.log_interval,
        progress=build.interactive() and not team.rank,
    )
    done = run.epoch
    try:
        for epoch in epochs:
            yield epoch
            done = epoch.number
    except Diverged as error:
        kept = f"epoch {done} is kept in {run.folder / 'last'}" if done else "no epoch was finished"
        raise RunFailed(f"{error}; {kept}; try again with a lower --lr or with --clip=1") from None


def _keep_epochs(run: Run, parts: build.Parts, epochs: Iterator[Epoch], viz: SummaryWriter | None) -> None:
    """Judge the network after each epoch on the held-out classes, and save it."""
    best = run.state.get("best")
    for epoch in epochs:
        score = parts.validation.scores(parts.net)["recall@1"] if parts.validation else None
        _record_epoch(run, epoch, score, viz)
        if complaint := parts.loss.complaint(epoch.loss):
            log.warning("epoch %d: %s", epoch.number, complaint)
        if score is None or best is None or score >= best:
            best = score
            run.keep_as_best(epoch.number, parts.net, score)
        run.save(epoch.number, parts.net, parts.loss, parts.optimizers, best=best)


def _describe(options: TrainOptions, images: ImageSet) -> dict[str, Any]:
    """What options.json tells."""
    installed = {found.metadata["Name"]: found.version for found in importlib.metadata.distributions()}
    return {
        **dataclasses.asdict(options),
        "dataset": images.title,
        "fingerprint": images.fingerprint(),
        "versions": {name: installed[name] for name in _PACKAGES if name in installed},
    }


def _record_epoch(run: Run, epoch: Epoch, score: float | None, viz: SummaryWriter | None) -> None:
    values = {"loss": epoch.loss, "images_per_second": epoch.images_per_second, "seconds": epoch.seconds}
    values |= {} if score is None else {"validation recall@1": score}
    run.record(kind="epoch", epoch=epoch.number, **values)
    shown = "" if score is None else f", validation recall@1 {score:.4f}"
    log.info("epoch %d: loss %.4f, %.0f images/s%s", epoch.number, epoch.loss, epoch.images_per_second, shown)
    if viz:
        for name, value in values.items():
            viz.add_scalar(name.replace("@", "_at_"), value, epoch.number)
        viz.flush()


def _judge_untrained(options: TrainOptions, run: Run, parts: build.Parts) -> None:
    """Rows of the table for what training starts from."""
    size = options.size("raw")
    raw = parts.judge.scores(parts.net.encoder, size=size)
    _record_row(run, parts.judge, f"trunk features at {show_size(size)} px", raw)
    _record_row(run, parts.judge, "untrained", parts.judge.scores(parts.net))


def _judge_trained(options: TrainOptions, run: Run, parts: build.Parts, devices: list[mx.Context]) -> None:
    """Rows of the table for the last and the best checkpoint, the best one's vectors, and the report."""
    net, judge = parts.net, parts.judge
    _record_row(run, judge, "last", judge.scores(net))
    run.restore_best(net, devices)
    vectors = judge.vectors(net)
    _record_row(run, judge, "best", judge.scores_of(vectors))
    vectors_file.save(run.folder / "vectors.h5", vectors)
    if options.save_model_prefix:
        shutil.copyfile(run.folder / "best" / "net.params", run.folder / f"{options.save_model_prefix}.params")
    log.info("%s", table(run.recorded("scores")))
    if options.report:
        page = write_report(run.folder / "vectors.h5", run.folder / "report", metrics_file=run.folder / "metrics.jsonl")
        log.info("report: %s", page)


def _record_row(run: Run, judge: Judge, row: str, scores: dict[str, float]) -> None:
    run.record(kind="scores", row=row, data=judge.title, **scores)
    log.info("%s: %s", row, ", ".join(f"{name} {value:.4f}" for name, value in scores.items()))
