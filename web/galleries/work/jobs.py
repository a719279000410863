"""Jobs: asked for, stopped, gone on with; each is then taken up by the process that works."""

from django.db import transaction
from django.utils import timezone

from datasets.errors import InputError
from web.galleries.models import Gallery, Job, Version
from web.galleries.work import supervisor

UNFINISHED = (Job.State.WAITING, Job.State.RUNNING)


def add(gallery: Gallery, kind: str, version: Version | None = None) -> Job:
    """The job of that kind that is to be done, or is at work already; a process begins when the transaction is over."""
    with transaction.atomic():
        Gallery.objects.select_for_update().get(pk=gallery.pk)  # two people at once get one job
        job = gallery.jobs.filter(kind=kind, version=version, state__in=UNFINISHED).first()
        job = job or Job.objects.create(gallery=gallery, kind=kind, version=version)
    transaction.on_commit(supervisor.begin)
    return job


def stop(job: Job) -> None:
    """Have it end after what it is at; what it has done stays."""
    Job.objects.filter(pk=job.pk, state__in=UNFINISHED).update(state=Job.State.STOPPED, beat=timezone.now())


def go_on(job: Job) -> None:
    """Have it go on from where it is; raises InputError where it is done, or where it is at work."""
    ended = Job.objects.filter(pk=job.pk, state__in=(Job.State.STOPPED, Job.State.FAILED))
    if not ended.update(state=Job.State.WAITING, message="", said=[]):
        raise InputError(f"{job.gallery}: this job has not been stopped; there is nothing to go on with")
    transaction.on_commit(supervisor.begin)
