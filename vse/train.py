"""An image-text run from options to scores: what is built, trained for some epochs, judged, and kept."""

import logging
from pathlib import Path

from datasets.vectors import file as vectors_file
from embedding import session
from embedding.judge import table
from embedding.mx import contexts, mx
from embedding.run import Run
from embedding.team import Team
from vse import build
from vse.options import VseOptions
from vse.report import write_pairs_report

log = logging.getLogger(__name__)


def train(options: VseOptions) -> Path:
    """Train and judge the two towers as ``options`` say; returns the run folder.

    A run that was begun before goes on from its last checkpoint. The best checkpoint is the one with the highest rsum
    on the dev part; the test part is looked at once, at the end.
    """
    options = options.with_data()
    options.check()
    devices = contexts(options.gpus)
    captions = build.caption_set(options)
    options = options.for_captions(captions)
    folder = options.runs / (options.name or f"{captions.name}-{options.loss}")
    run = Run(folder, session.describe(options, captions, {}))
    with run.logging():
        mx.random.seed(options.seed)
        parts = build.parts(options, captions, devices)
        parts.vocabulary.save(run.folder / build.VOCABULARY)
        log.info("%s: %s, %d words", run.folder, parts.batches, len(parts.vocabulary))
        if run.epoch:
            run.restore(parts.net, parts.loss, parts.optimizers, devices)
            log.info("going on after epoch %d", run.epoch)
        with session.viz(options, run) as writer:
            for epoch in session.epochs(options, run, parts, devices, Team()):
                dev = parts.judge.scores(parts.judge.pairs("dev"))
                session.keep(run, parts, epoch, {"rsum": dev.pop("rsum")}, writer, **dev)
        _judge_trained(options, run, parts, devices)
    run.close()
    return folder


def _judge_trained(options: VseOptions, run: Run, parts: build.VseParts, devices: build.build.Devices) -> None:
    """Rows of the table for the best checkpoint, on dev and on test, the embeddings of test, and the report."""
    run.restore_best(parts.net, devices)
    judge = parts.judge
    session.record_row(run, "dev", judge.title, judge.scores(judge.pairs("dev")))
    pairs = judge.pairs("test")
    session.record_row(run, "test", judge.title, judge.scores(pairs))
    if folds := judge.fold_scores(pairs):
        session.record_row(run, "test, mean of five folds", judge.title, folds)
    vectors_file.save(run.folder / "vectors.h5", judge.vectors(pairs, "test"))
    log.info("%s", table(run.recorded("scores")))
    if options.report:
        metrics = run.folder / "metrics.jsonl"
        page = write_pairs_report(run.folder / "vectors.h5", run.folder / "report", metrics_file=metrics)
        log.info("report: %s", page)
