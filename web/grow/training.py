"""Training: labels written where the training command reads them, and the job that runs it."""

import csv
import io
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from datasets.errors import InputError, RunFailed
from datasets.files import lock
from datasets.files.whole import beside
from datasets.images.pixels import Unreadable
from embedding.training import journal
from web.galleries.models import Gallery, Job
from web.galleries.sources import opened
from web.grow import labels, plan
from web.grow.labels import Labelled, Split
from web.grow.models import Training
from web.grow.plan import Wish

KIND = "train"  # of the job
ROOT = Path(__file__).resolve().parents[2]  # where scripts/ is, in a checkout and installed
_POLL = 0.5  # seconds

Tell = Callable[[int, int, str], None]  # epochs done, of how many, the last line; raises to stop


def prepare(gallery: Gallery, wish: Wish, by: AbstractBaseUser | None) -> Training:
    """Write down the labels as they are now, and the command that trains on them; nothing is trained yet.

    Raises InputError where there are too few labels, or nothing answers yet that the new network could be like.
    """
    if gallery.active is None:
        raise InputError(_("%(gallery)s: is not embedded yet; train again when it is") % {"gallery": gallery})
    found = labels.labelled(gallery)
    with transaction.atomic():
        gallery = Gallery.objects.select_for_update().get(pk=gallery.pk)
        split = labels.split(found, held_before=labels.held_before(gallery))
        number = 1 + (gallery.trainings.aggregate(most=Max("number"))["most"] or 0)
        made = Training(gallery=gallery, number=number, epochs=wish.epochs, by=by, held_by=split.by)
        made.held_classes, made.classes = list(split.classes), len(np.unique(found.of(split.trained)))
        made.trained, made.held = _write(made, found, split)
        whole = split.by == Training.HeldBy.CLASSES
        planned = plan.plan(gallery.active.spec, wish, labels=made.labels, run=made.run, validation=whole)
        made.words, made.note = planned.words, planned.note
        made.save()
    return made


def _write(training: Training, found: Labelled, split: Split) -> tuple[int, int]:
    """Write labels.csv and trained.npy; how many pictures train and are held out, of those whose file can be named."""
    places = dict(training.gallery.pictures.filter(state="there").values_list("pk", "path"))
    source, written = opened.finder(training.gallery.source), {"train": [], "test": []}
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("label", "path", "split"))
    for part, ids in (("train", split.trained), ("test", split.held)):
        for number, label in zip(ids.tolist(), found.of(ids).tolist(), strict=True):
            if place := _place(source, places[number]):
                rows.writerow((found.names[label], place, part))
                written[part].append(number)
    training.folder.mkdir(parents=True, exist_ok=True)
    with beside(training.labels) as part:
        part.write_text(text.getvalue(), encoding="utf-8")
    with beside(training.seen) as part, part.open("wb") as file:
        np.save(file, np.array(written["train"], np.int64))
    return len(written["train"]), len(written["test"])


def _place(source: opened.Source, path: str) -> str:
    """Where a picture's file is; "" where it is not there, or a table cannot hold its name."""
    with suppress(Unreadable):
        place = source.place(path)
        if place.isprintable() and place == place.strip():
            return place
    return ""


def start(training: Training) -> Job:
    """Have the command be run here; raises InputError where that is not allowed, or it is running already."""
    if not settings.TRAIN:
        raise InputError(_("training is not allowed on this server: run the command yourself, or start it with --train"))
    with transaction.atomic():
        training = Training.objects.select_for_update().get(pk=training.pk)
        if training.job and training.job.state in (Job.State.WAITING, Job.State.RUNNING):
            raise InputError(_("training %(number)d is running already") % {"number": training.number})
        training.job = Job.objects.create(gallery=training.gallery, kind=KIND, total=training.epochs)
        training.save(update_fields=["job"])
    return training.job


def run(training: Training, tell: Tell) -> None:
    """Run its command to the end; what ``tell`` raises stops it, what was trained is kept, and the next run goes on.

    A training that outlived the process which had started it is waited for. Raises RunFailed with its last line.
    """
    while _is_held(training):
        tell(_epoch(training), training.epochs, _("trained by a process that was started earlier"))
        time.sleep(_POLL)
    log = training.folder / "output.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *_words(training)], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        try:
            while process.poll() is None:
                tell(_epoch(training), training.epochs, _last(log))
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_POLL)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait()
    if process.returncode:
        raise RunFailed(_last(log) or _("the training ended with exit code %(code)d") % {"code": process.returncode})
    tell(_epoch(training), training.epochs, _last(log))


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


def _epoch(training: Training) -> int:
    """The epochs that were trained."""
    file = training.run / "metrics.jsonl"
    lines = journal.read_lines(file) if file.exists() else []
    return max((int(line["epoch"]) for line in lines if line.get("kind") == "epoch"), default=0)


def _last(log: Path) -> str:
    """The last line that was printed."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4096))
        lines = deque((line for line in file.read().decode("utf-8", "replace").splitlines() if line.strip()), maxlen=1)
    return lines[0].strip()[:500] if lines else ""
