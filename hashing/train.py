"""A hashing run from options to scores: what is built, trained for some epochs, judged, and kept."""

import logging
import math
import shutil
from pathlib import Path

from datasets.stored import vectors_file
from embedding import session
from embedding.build import Devices, tell_random_trunk
from embedding.evaluation.judge import table
from embedding.mx import contexts, mx
from embedding.training.run import Run
from embedding.training.workers import Team
from hashing import build
from hashing.options import HashOptions
from hashing.report import saved_codes
from hashing.report.page import write_scored

log = logging.getLogger(__name__)


def train(options: HashOptions) -> Path:
    """Train and judge a hashing network as ``options`` say; returns the run folder.

    A run that was begun before goes on from its last checkpoint. Before training it says which images the parts of the
    set share, and scores codes that need no training, of the trunk's features. Queries choose nothing: the best
    checkpoint is the one with the highest mAP on what ``validation`` holds out of the train part, or the last.
    """
    options = options.with_data()
    options.check()
    devices = contexts(options.gpus)
    images = build.image_set(options)
    if options.idle:
        log.info("with --cache-features these change nothing: %s", ", ".join(options.idle))
    options = options.resolve(images)
    folder = options.runs / (options.name or f"{images.name}-{options.method}-{options.bits}")
    run = Run(folder, session.describe(options, images, {}))
    with run.logging(), session.skipping(options, run, images) as skipped:
        session.tell_overlap(run, images)
        mx.random.seed(options.seed)
        if not run.epoch:
            tell_random_trunk(options)
        parts = build.parts(options, images, devices, skipped)
        session.tell(options, run, images, parts)
        if run.epoch:
            session.resume(options, run, parts, devices)
        else:
            _judge_baselines(run, parts)
        _train_epochs(options, run, parts, devices)
        _judge_trained(options, run, parts, devices)
    run.close()
    return folder


def _train_epochs(options: HashOptions, run: Run, parts: build.HashParts, devices: Devices) -> None:
    steps = len(parts.batches.plan(1))

    def scale_after(epoch: int) -> float:
        """HashNet's continuation: tanh(scale * z) comes closer to the sign of z after every epoch."""
        return math.sqrt(1 + options.sharpen * steps * epoch) if parts.loss.sharpens else 1.0

    def sharpen(epoch: int) -> None:
        if parts.loss.sharpens:
            parts.net.head.sharpen(scale_after(epoch))

    sharpen(run.epoch)
    with session.viz(options, run) as writer:
        for epoch in session.epochs(options, run, parts, devices, Team()):
            score = _validated(parts)
            session.keep(run, parts, epoch, score, writer, scale=scale_after(epoch.number - 1))
            sharpen(epoch.number)


def _validated(parts: build.HashParts) -> dict[str, float]:
    """The score that chooses the best checkpoint: the first mAP of what is held out, if anything is."""
    return dict([next(iter(parts.validation.scores(parts.net).items()))]) if parts.validation else {}


def _judge_baselines(run: Run, parts: build.HashParts) -> None:
    """Rows of the table for codes that need no training, of the same features."""
    for name, scores, seconds in parts.judge.baselines(parts.net.encoder):
        session.record_row(run, name, parts.judge.title, scores)
        run.record(kind="baseline", row=name, seconds=seconds)


def _judge_trained(options: HashOptions, run: Run, parts: build.HashParts, devices: Devices) -> None:
    """Rows of the table for the last and the best checkpoint, the best one's codes, and the report."""
    judge, net = parts.judge, parts.net
    if parts.validation:
        session.record_row(run, "last", judge.title, judge.scores(net))
    run.restore_best(net, devices)
    vectors = judge.vectors(net)
    scores = judge.scores_of(vectors)
    session.record_row(run, "best" if parts.validation else "last", judge.title, scores)
    vectors_file.save(run.folder / vectors_file.NAME, vectors)
    if options.save_model_prefix:
        shutil.copyfile(run.folder / "best" / "net.params", run.folder / f"{options.save_model_prefix}.params")
    log.info("%s", table(run.recorded("scores")))
    _tell_if_no_better(run, scores)
    if options.report:
        scored = saved_codes.Scored(run.folder.name, run.folder / vectors_file.NAME, vectors, scores)
        metrics_file = run.folder / "metrics.jsonl"
        page = write_scored([scored], run.folder / "report", metrics_file=metrics_file, radius=options.radius)
        log.info("report: %s", page)


def _tell_if_no_better(run: Run, scores: dict[str, float]) -> None:
    """Log where training ended no higher than codes of the same features that need none."""
    name = next(score for score in scores if score.startswith("map@"))
    untrained = {line["row"] for line in run.recorded("baseline")}
    made = {line["row"]: line[name] for line in run.recorded("scores") if line["row"] in untrained}
    best = max(made, key=lambda row: made[row], default=None)
    if best is not None and scores[name] <= made[best]:
        log.warning(
            "%s %.4f is no more than the %.4f of %s, which is not trained: try more --epochs, another --lr or --method",
            name, scores[name], made[best], best,
        )  # fmt: skip
