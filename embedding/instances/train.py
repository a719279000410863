"""A run of instance retrieval from options to scores: what is built, trained for some epochs, judged, and kept."""

import logging
import shutil
from pathlib import Path

from datasets.errors import InputError
from embedding import session
from embedding.build import Devices, tell_random_trunk
from embedding.evaluation.judge import table
from embedding.evaluation.revisited import mean_ap
from embedding.evaluation.whiten import Whitening
from embedding.instances import build, whitened
from embedding.instances.centres import centre
from embedding.instances.judge import Scores
from embedding.instances.options import InstanceOptions
from embedding.mx import contexts, mx
from embedding.training.run import Run
from embedding.training.workers import Team

log = logging.getLogger(__name__)


def train(options: InstanceOptions) -> Path:
    """Train and judge a network of instance retrieval as ``options`` say; returns the run folder.

    A run that was begun before goes on from its last checkpoint. The best checkpoint is the one with the highest mAP on
    the instances that are held out of training, or on the set's own validation part; the test sets are judged before
    the first epoch and after the last, unless ``test_freq`` says more, and choose nothing.
    """
    options = options.with_data()
    options.check()
    devices = contexts(options.gpus)
    images = build.image_set(options)
    tests = build.test_sets(options, images)
    options = options.resolve(images)
    folder = options.runs / (options.name or f"{images.name}-{options.pool}-{options.loss}")
    _check_resume(options.resume, folder)
    run = Run(folder, session.describe(options, images, {}))
    with run.logging(), session.skipping(options, run, images) as skipped:
        mx.random.seed(options.seed)
        if not run.epoch and not options.not_pretrained:
            tell_random_trunk(options)
        parts = build.parts(options, images, tests, devices, skipped)
        session.tell(options, run, images, parts)
        if run.epoch:
            session.resume(options, run, parts, devices)
        else:
            _begin(options, parts)
            _judge(options, run, parts, "untrained", devices)
        with session.viz(options, run) as writer:
            for epoch in session.epochs(options, run, parts, devices, Team()):
                session.keep(run, parts, epoch, _validated(parts), writer, **_tested(options, parts, epoch.number))
        _judge_trained(options, run, parts, devices)
    run.close()
    return folder


def _check_resume(named: str, folder: Path) -> None:
    """Raise InputError where --resume names another place than the run folder, as a path that leads out of it."""
    place = Path(named).resolve()
    elsewhere = place.exists() or len(Path(named).parts) > 1
    if named and elsewhere and not place.is_relative_to(folder.resolve()):
        raise InputError(
            f"--resume={named}: a run goes on from its own folder, {folder}; give --runs and --name of that"
        )


def _validated(parts: build.InstanceParts) -> Scores:
    """The score that chooses the best checkpoint, if anything is held out."""
    return {"mAP": mean_ap(parts.validation.scores(parts.net))} if parts.validation else {}


def _tested(options: InstanceOptions, parts: build.InstanceParts, epoch: int) -> Scores:
    """The scores on the test sets of the epochs that ``test_freq`` names, for the record."""
    return _scores(parts)[0] if options.test_freq and not epoch % options.test_freq else {}


def _begin(options: InstanceOptions, parts: build.InstanceParts) -> None:
    """What a new network learns of its training images before it is trained."""
    centre(options, parts)
    if options.whitening:
        whitened.last_layer(options, parts)


def _scores(parts: build.InstanceParts, whitening: Whitening | None = None) -> tuple[Scores, Scores]:
    """{name: score} on all test sets, and the same whitened, empty without a ``whitening``.

    Where there are several sets, each name begins with that of its set.
    """
    plain, whiter = {}, {}
    for judge in parts.judges:
        vectors = judge.vectors(parts.net)
        before = f"{judge.title} " if len(parts.judges) > 1 else ""
        plain |= {before + name: value for name, value in judge.scores_of(vectors).items()}
        if whitening is not None:
            whiter |= {before + name: value for name, value in judge.scores_of(vectors, whitening).items()}
    return plain, whiter


def _judge(
    options: InstanceOptions, run: Run, parts: build.InstanceParts, row: str, devices: Devices
) -> Whitening | None:
    """A row of the table, and where ``--test-whiten`` asks for it one with that whitening, which is returned."""
    if not parts.judges:
        return None
    data = ", ".join(judge.title for judge in parts.judges)
    whitening = whitened.of_run(options, parts, parts.batches.images, devices) if options.test_whiten else None
    plain, whiter = _scores(parts, whitening)
    session.record_row(run, row, data, plain)
    if whiter:
        session.record_row(run, f"{row}, whitened", data, whiter)
    return whitening


def _judge_trained(options: InstanceOptions, run: Run, parts: build.InstanceParts, devices: Devices) -> None:
    """Rows of the table for the last and the best checkpoint, and the whitening of the best one."""
    if parts.validation:
        _judge(options, run, parts, "last", devices)
    run.restore_best(parts.net, devices)
    whitening = _judge(options, run, parts, "best" if parts.validation else "last", devices)
    if whitening is not None:
        whitening.save(whitened.file_of(run.folder, options))
    if options.save_model_prefix:
        shutil.copyfile(run.folder / "best" / "net.params", run.folder / f"{options.save_model_prefix}.params")
    if rows := run.recorded("scores"):
        log.info("%s", table(rows))
