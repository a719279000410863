"""A run of cross-modal hashing from options to scores: what is built, trained for some epochs, judged, and kept."""

import logging
from dataclasses import replace
from pathlib import Path

from datasets.errors import InputError
from datasets.stored import vectors_file
from embedding import session
from embedding.build import Devices, tell_random_trunk
from embedding.engine.kept import network_of
from embedding.evaluation.judge import table
from embedding.mx import contexts
from embedding.search.gallery import NETWORK
from embedding.training.run import Run
from embedding.training.workers import Team
from hashing.cross import build
from hashing.cross.judge import BASELINE
from hashing.cross.options import CrossOptions
from hashing.cross.words import VOCABULARY, Vocabulary
from hashing.report import saved_codes
from hashing.report.page import write_scored

log = logging.getLogger(__name__)

FILES = {"t2i": vectors_file.NAME, "i2t": "i2t.h5"}  # of a run folder: the codes of both ways


def train(options: CrossOptions) -> Path:
    """Train and judge a two-sided net as ``options`` say; returns the run folder.

    A run that was begun before goes on from its last checkpoint. Before training it scores codes by CCA and ITQ, which
    know no labels, of the same features and words. Queries choose nothing: the best checkpoint is the one with the
    highest mAP on what ``validation`` holds out of the train part, or the last.
    """
    options = options.with_data()
    options.check()
    devices = contexts(options.gpus)
    build.own_settings(options)
    pairs = build.pair_set(options)
    asked, options = options, options.for_pairs(pairs)
    if idle := asked.idle_in(options, pairs):
        log.info("these change nothing here: %s", ", ".join(idle))
    folder = options.runs / (options.name or f"{pairs.name}-{options.method}-{options.bits}")
    run = Run(folder, session.describe(options, pairs, {}))
    with run.logging(), session.skipping(options, run, pairs) as skipped:
        if not pairs.precomputed:
            session.tell_overlap(run, pairs.pictures)
            if not run.epoch:
                tell_random_trunk(options)
        parts = build.parts(options, pairs, devices, skipped)
        _keep(parts.vocabulary, run)
        session.tell(options, run, pairs.pictures, parts)
        if run.epoch:
            session.resume(options, run, parts, devices)
        else:
            _judge_baseline(run, parts)
        with session.viz(options, run) as writer:
            for epoch in session.epochs(options, run, parts, devices, Team()):
                score = {"map": parts.validation.mean(parts.net)} if parts.validation else {}
                session.keep(run, parts, epoch, score, writer)
        _judge_trained(options, run, parts, devices)
    run.close()
    return folder


def _keep(vocabulary: Vocabulary | None, run: Run) -> None:
    """Save the vocabulary; raises InputError where a run that goes on was begun with another one."""
    if vocabulary is None:
        return
    file = run.folder / VOCABULARY
    if run.epoch and file.exists() and Vocabulary.load(file).known != vocabulary.known:
        raise InputError(f"{file}: has other words than the run would go on with; give another --name")
    vocabulary.save(file)


def _judge_baseline(run: Run, parts: build.CrossParts) -> None:
    """A row of the table for codes that know no labels."""
    try:
        scores, seconds = parts.judge.baseline(parts.features)
    except InputError as error:
        log.warning("without %s: %s", BASELINE, error)
        return
    session.record_row(run, BASELINE, parts.judge.title, scores)
    run.record(kind="baseline", row=BASELINE, seconds=seconds)


def _judge_trained(options: CrossOptions, run: Run, parts: build.CrossParts, devices: Devices) -> None:
    """Rows of the table for the last and the best checkpoint, the best one's codes both ways, and the report."""
    judge, net = parts.judge, parts.net
    if parts.validation:
        session.record_row(run, "last", judge.title, judge.scores(net))
    run.restore_best(net, devices)
    found = judge.vectors(net)
    session.record_row(run, "best" if parts.validation else "last", judge.title, judge.scores_of(found))
    network = network_of(run.folder / "best")
    for way, file in FILES.items():
        its = found[way]
        vectors_file.save(run.folder / file, replace(its, attrs={**its.attrs, NETWORK: network}))
    log.info("%s", table(run.recorded("scores")))
    if options.report:
        scored = saved_codes.score([run.folder / file for file in FILES.values()], tops=options.tops)
        page = write_scored(scored, run.folder / "report", radius=options.radius)
        log.info("report: %s", page)
