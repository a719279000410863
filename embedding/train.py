"""A metric-learning run from options to scores: what is built, trained for some epochs, judged, and kept."""

import logging
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from datasets.images.base import ImageSet
from datasets.images.skipped import Skipped
from datasets.sources import image_source
from datasets.stored import vectors_file
from embedding import build, losses, session
from embedding.batches.decode import show_size
from embedding.evaluation.judge import table
from embedding.losses.base import EmbeddingLoss
from embedding.mx import contexts, mx
from embedding.options import TrainOptions
from embedding.report.page import write_report
from embedding.training.journal import Line
from embedding.training.run import Run, SeenRun
from embedding.training.workers import Team

log = logging.getLogger(__name__)


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
        described = session.describe(options, images, own or {})
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
    with run.logging(), session.skipping(options, run, images) as skipped:
        if options.data in image_source.OWN:
            session.tell_overlap(run, images)
        mx.random.seed(options.seed)
        if not run.epoch:
            build.tell_random_trunk(options)
        parts = build.parts(options, images, make_loss, devices, team, skipped)
        session.tell(options, run, images, parts)
        team.told(run.epoch)
        if run.epoch:
            session.resume(options, run, parts, devices)
        else:
            _judge_untrained(options, run, parts)
        with session.viz(options, run) as writer:
            for epoch in session.epochs(options, run, parts, devices, team):
                session.keep(run, parts, epoch, _validated(parts), writer, **parts.loss.measures())
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
    skipped = Skipped(len(images), max_bad=options.max_bad)
    parts = build.parts(options, images, make_loss, devices, team, skipped)
    if epoch:
        run.restore(parts.net, parts.loss, parts.optimizers, devices)
    for _ in session.epochs(options, run, parts, devices, team):
        pass
    if line := skipped.line():
        log.warning("%s", line)


def _validated(parts: build.JudgedParts) -> dict[str, float]:
    """The score that chooses the best checkpoint: recall@1 on the classes that are held out, if any are."""
    return {"recall@1": parts.validation.scores(parts.net)["recall@1"]} if parts.validation else {}


def _judge_untrained(options: TrainOptions, run: Run, parts: build.JudgedParts) -> None:
    """Rows of the table for what training starts from."""
    size = options.size("raw")
    raw = parts.judge.scores(parts.net.encoder, size=size)
    session.record_row(run, f"trunk features at {show_size(size)} px", parts.judge.title, raw)
    session.record_row(run, "untrained", parts.judge.title, parts.judge.scores(parts.net))


def _judge_trained(options: TrainOptions, run: Run, parts: build.JudgedParts, devices: list[mx.Context]) -> None:
    """Rows of the table for the last and the best checkpoint, the best one's vectors, and the report."""
    net, judge = parts.net, parts.judge
    session.record_row(run, "last", judge.title, judge.scores(net))
    run.restore_best(net, devices)
    vectors = judge.vectors(net)
    session.record_row(run, "best", judge.title, judge.scores_of(vectors))
    vectors_file.save(run.folder / vectors_file.NAME, vectors)
    if options.save_model_prefix:
        shutil.copyfile(run.folder / "best" / "net.params", run.folder / f"{options.save_model_prefix}.params")
    log.info("%s", table(run.recorded("scores")))
    if advice := better_untrained(options, run.recorded("scores")):
        log.info("%s", advice)
    if options.report:
        page = write_report(
            run.folder / vectors_file.NAME, run.folder / "report", metrics_file=run.folder / "metrics.jsonl"
        )
        log.info("report: %s", page)


def better_untrained(options: TrainOptions, rows: Sequence[Line]) -> str:
    """What to do where the trunk's own features have a higher recall@1 than the best checkpoint; "" where not.

    rows : of the score table, in order
    """
    trunk, best = rows[0].get("recall@1", 0), rows[-1].get("recall@1", 0)
    if trunk <= best:
        return ""
    said = f"the trunk's own features do better than what was trained: recall@1 {trunk:.4f}, best {best:.4f}"
    if not options.use_pretrained:
        return said
    flags = {"pool": (options.pool, "avg"), "image-size": (options.raw_size, "224"), "resize": (options.resize, "crop")}
    unusual = "".join(f" --{name}={value}" for name, (value, usual) in flags.items() if value != usual)
    trunk_of = f"--model={options.model} --use-pretrained={options.use_pretrained}{unusual}"
    return f"{said}; python scripts/extract.py {trunk_of} --data-path=FOLDER --out=vectors.h5 gives vectors of them"
