"""A run of sketches and photographs from options to scores: what is built, trained, judged, and kept."""

import logging
import shutil
from pathlib import Path

from datasets.images.base import ImageSet
from datasets.stored import vectors_file
from embedding import session
from embedding.build import Devices, tell_random_trunk
from embedding.evaluation.judge import table
from embedding.mx import contexts, mx
from embedding.sketches import build, report
from embedding.sketches.build import VECTORS, Kind
from embedding.sketches.options import SketchOptions
from embedding.training.run import Run
from embedding.training.workers import Team

log = logging.getLogger(__name__)


def train(options: SketchOptions, kind: Kind = VECTORS) -> Path:
    """Train and judge a network of sketches and photographs as ``options`` say; returns the run folder.

    A run that was begun before goes on from its last checkpoint. Queries choose nothing: the best checkpoint is the one
    with the highest mAP on the classes that ``validation`` holds out of the train part, or the last.
    """
    options = options.with_data()
    options.check()
    devices = contexts(options.gpus)
    images = build.image_set(options)
    if options.idle:
        log.info("with --cache-features these change nothing: %s", ", ".join(options.idle))
    options = options.resolve(images)
    folder = options.runs / (options.name or f"{options.data}-{options.method}")
    run = Run(folder, session.describe(options, images, {}))
    with run.logging(), session.skipping(options, run, images) as skipped:
        mx.random.seed(options.seed)
        if not run.epoch:
            tell_random_trunk(options)
        parts = build.parts(options, images, devices, skipped, kind)
        session.tell(options, run, images, parts)
        if run.epoch:
            session.resume(options, run, parts, devices)
        else:
            for row, scores in parts.judge.untrained(parts.net):
                session.record_row(run, row, parts.judge.title, scores)
        with session.viz(options, run) as writer:
            for epoch in session.epochs(options, run, parts, devices, Team()):
                session.keep(run, parts, epoch, _validated(parts), writer)
        _judge_trained(options, run, parts, devices, images)
    run.close()
    return folder


def _validated(parts: build.SketchParts) -> dict[str, float]:
    """The score that chooses the best checkpoint: mAP on the classes that are held out, if any are."""
    return {"map": parts.validation.scores(parts.net)["unseen map@all"]} if parts.validation else {}


def _judge_trained(
    options: SketchOptions, run: Run, parts: build.SketchParts, devices: Devices, images: ImageSet
) -> None:
    """Rows of the table for the last and the best checkpoint, the best one's vectors, and the report."""
    judge, net = parts.judge, parts.net
    if parts.validation:
        session.record_row(run, "last", judge.title, judge.scores(net))
    run.restore_best(net, devices)
    queries, gallery = judge.embeddings(net.sketches, net.photographs)
    row = "best" if parts.validation else "last"
    session.record_row(run, row, judge.title, judge.scores_of(queries, gallery))
    vectors = judge.vectors(queries, gallery)
    vectors_file.save(run.folder / vectors_file.NAME, vectors)
    if options.save_model_prefix:
        shutil.copyfile(run.folder / "best" / "net.params", run.folder / f"{options.save_model_prefix}.params")
    log.info("%s", table(run.recorded("scores")))
    if options.report:
        part, asks, answers = list(judge.parts(queries, gallery))[-1]
        facts = [f"{len(asks):,} sketches of {part} classes, {len(answers):,} photographs", f"{options.method}"]
        sides = judge.compared(asks), judge.compared(answers)
        page = report.write(run.folder / "report", images, *sides, run.recorded("scores"), facts=facts)
        log.info("report: %s", page)
