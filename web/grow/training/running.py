"""Running: the command of a training run by a job, which a kill does not lose; and how far it is."""

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from datasets.errors import InputError
from datasets.files import lock
from embedding.training import journal
from web.galleries.models import Job
from web.galleries.work import jobs, supervisor
from web.galleries.work.lines import line
from web.galleries.work.progress import Progress
from web.grow.models import ROOT, Training

KIND = "train"  # of the job
_POLL = 0.5  # seconds
_PROCESS = "process"  # the file with the number of the process

Tell = Callable[[int, int, str], None]  # epochs done, of how many, the last line; raises to stop


def is_done(training: Training) -> bool:
    """Whether it has trained all its epochs, here or by hand, and no process is at it any more."""
    return (training.run / "best").is_dir() and epochs_of(training) >= training.epochs and not _is_held(training)


def start(training: Training) -> Job:
    """Have the command be run here; raises InputError where that is not allowed, or it is running already."""
    if not settings.TRAIN:
        raise InputError(
            _("training is not allowed on this server: run the command yourself, or start it with --train")
        )
    with transaction.atomic():
        training = Training.objects.select_for_update().get(pk=training.pk)
        if training.job is None or training.job.state == Job.State.DONE:
            training.job = Job.objects.create(gallery=training.gallery, kind=KIND, total=training.epochs)
            training.save(update_fields=["job"])
            transaction.on_commit(supervisor.begin)
        elif training.job.state in jobs.UNFINISHED:
            raise InputError(_("training %(number)d is running already") % {"number": training.number})
        else:
            jobs.go_on(training.job)
    return training.job


def work(job: Job, progress: Progress) -> str:
    """What a job of training does."""
    training = Training.objects.select_related("gallery").get(job=job)
    run(training, progress)
    return line(gettext_noop("trained for %(epochs)d epochs"), epochs=epochs_of(training))


def run(training: Training, tell: Tell) -> None:
    """Run its command to the end; what ``tell`` raises stops it, what was trained is kept, and the next run goes on.

    A training that outlived the process which had started it is waited for. Raises InputError with its last line.
    """
    try:
        while _is_held(training):
            tell(
                epochs_of(training),
                training.epochs,
                line(gettext_noop("trained by a process that was started earlier")),
            )
            time.sleep(_POLL)
    except BaseException:
        _interrupt(training)
        raise
    log = training.folder / "output.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *_words(training)], stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        (training.folder / _PROCESS).write_text(str(process.pid))
        try:
            while process.poll() is None:
                tell(epochs_of(training), training.epochs, _last(log))
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_POLL)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait()
    if process.returncode:
        raise InputError(_last(log) or _("the training ended with exit code %(code)d") % {"code": process.returncode})
    tell(epochs_of(training), training.epochs, _last(log))


def _interrupt(training: Training) -> None:
    """End the process that an earlier job has started; one that somebody started by hand is left at it."""
    with suppress(OSError, ValueError, psutil.Error):
        process = psutil.Process(int((training.folder / _PROCESS).read_text()))
        if process.cmdline()[1:] == _words(training):
            process.send_signal(signal.SIGINT)


def _words(training: Training) -> list[str]:
    script, *flags = training.words
    return [str(ROOT / script), *flags]


def _is_held(training: Training) -> bool:
    """Whether a process is in the run folder."""
    if not training.run.is_dir():
        return False
    try:
        os.close(lock.hold(training.run, flag="--name"))
    except InputError:
        return True
    return False


def epochs_of(training: Training) -> int:
    """How many epochs were trained."""
    file = training.run / "metrics.jsonl"
    try:
        lines = journal.read_lines(file) if file.exists() else []
    except InputError:  # damaged; the training itself tells what to do about it
        return 0
    return max((int(line.get("epoch", 0)) for line in lines if line.get("kind") == "epoch"), default=0)


def _last(log: Path) -> str:
    """The last line that was printed."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4096))
        lines = deque((line for line in file.read().decode("utf-8", "replace").splitlines() if line.strip()), maxlen=1)
    return lines[0].strip()[:500] if lines else ""
