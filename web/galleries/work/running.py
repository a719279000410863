"""Running: one job is done, in this process, and the database told how it ended."""

import logging
import os

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from datasets.errors import InputError
from datasets.files import lock
from web.galleries import removal
from web.galleries.models import Gallery, Job
from web.galleries.work import kinds
from web.galleries.work.lines import parts_of
from web.galleries.work.progress import Progress, Stopped

log = logging.getLogger(__name__)


def run(number: int) -> None:
    """Do a job that is waiting, or whose process has died; another one that is at its gallery is waited for."""
    job = Job.objects.select_related("gallery", "version__gallery").filter(pk=number).first()
    if job is None:
        return
    name = f"gallery-{job.gallery_id}-{kinds.lane(job.kind)}.lock"
    with lock.alone(settings.DATA / "locks", flag="WEB_DATA", name=name, wait=True):
        taken = Job.objects.filter(pk=number, state__in=(Job.State.WAITING, Job.State.RUNNING))
        if taken.update(state=Job.State.RUNNING, process=os.getpid(), beat=timezone.now(), message="", said=[]):
            _do(job)
        if not Gallery.objects.filter(pk=job.gallery_id).exists():
            removal.clear(job.gallery)


def _do(job: Job) -> None:
    try:
        line = kinds.get(job.kind)(job, Progress(job))
        _end(job, Job.State.DONE, line)
    except Stopped:
        log.info("job %s of %s: stopped", job.pk, job.gallery)
    except InputError as error:
        _end(job, Job.State.FAILED, str(error))
    except DatabaseError:  # the job or its gallery may have been removed
        if Job.objects.filter(pk=job.pk).exists():
            raise
    except Exception as error:
        log.exception("job %s of %s", job.pk, job.gallery)
        _end(job, Job.State.FAILED, f"{type(error).__name__}: {error}")


def _end(job: Job, state: str, line: str) -> None:
    log.info("job %s of %s: %s %s", job.pk, job.gallery, state, line)
    running = Job.objects.filter(pk=job.pk, state=Job.State.RUNNING)
    said = [(words.encode(errors="replace").decode(), facts) for words, facts in parts_of(line)]
    running.update(state=state, message=line.encode(errors="replace").decode(), said=said, beat=timezone.now())
