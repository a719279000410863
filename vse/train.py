"""An image-text run from options to scores: what is built, trained for some epochs, judged, and kept."""

import logging
from dataclasses import replace
from pathlib import Path

from datasets.errors import InputError
from datasets.stored import vectors_file
from embedding import session
from embedding.build import tell_random_trunk
from embedding.evaluation.judge import table
from embedding.mx import contexts, mx
from embedding.search.gallery import NETWORK
from embedding.training.run import Run
from embedding.training.workers import Team
from vse import build
from vse.network.vocab import VOCABULARY, Vocabulary
from vse.options import VseOptions
from vse.report.page import write_pairs_report
from vse.search.gallery import fingerprint

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
    asked, options = options, options.for_captions(captions)
    if idle := asked.idle_in(options):
        log.info("these change nothing here: %s", ", ".join(idle))
    folder = options.runs / (options.name or f"{captions.name}-{options.loss}")
    run = Run(folder, session.describe(options, captions, {}))
    with run.logging(), session.skipping(options, run, captions) as skipped:
        mx.random.seed(options.seed)
        if options.finetune and options.start is None and not run.epoch:
            tell_random_trunk(options)
        parts = build.parts(options, captions, devices, skipped)
        _keep(parts.vocabulary, run)
        log.info("%s: %s, %d words", run.folder, parts.batches, len(parts.vocabulary))
        if run.epoch:
            session.resume(options, run, parts, devices)
        with session.viz(options, run) as writer:
            for epoch in session.epochs(options, run, parts, devices, Team()):
                dev = parts.judge.scores(parts.judge.pairs("dev"))
                session.keep(run, parts, epoch, {"rsum": dev.pop("rsum")}, writer, **dev)
        _judge_trained(options, run, parts, devices)
    run.close()
    return folder


def _keep(vocabulary: Vocabulary, run: Run) -> None:
    """Save the vocabulary; raises InputError where a run that goes on was begun with another one."""
    file = run.folder / VOCABULARY
    if run.epoch and file.exists() and Vocabulary.load(file).words != vocabulary.words:
        what = "has other words than the run would go on with: what --vocab or --start names has changed"
        raise InputError(f"{file}: {what}; put that back, or give another --name")
    vocabulary.save(file)


def _judge_trained(options: VseOptions, run: Run, parts: build.VseParts, devices: build.build.Devices) -> None:
    """Rows of the table for the best checkpoint, on dev and on test, the embeddings of test, and the report."""
    run.restore_best(parts.net, devices)
    judge = parts.judge
    session.record_row(run, "dev", judge.title, judge.scores(judge.pairs("dev")))
    pairs = judge.pairs("test")
    session.record_row(run, "test", judge.title, judge.scores(pairs))
    if folds := judge.fold_scores(pairs):
        session.record_row(run, "test, mean of five folds", judge.title, folds)
    vectors = judge.vectors(pairs)
    attrs = {**vectors.attrs, NETWORK: fingerprint(run.folder)}
    vectors_file.save(run.folder / vectors_file.NAME, replace(vectors, attrs=attrs))
    log.info("%s", table(run.recorded("scores")))
    if options.report:
        metrics = run.folder / "metrics.jsonl"
        page = write_pairs_report(run.folder / vectors_file.NAME, run.folder / "report", metrics_file=metrics)
        log.info("report: %s", page)
