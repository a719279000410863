"""Jobs: the work on galleries that goes on in a process of its own, how far it is, stopped and gone on with."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from django.http import Http404, HttpRequest

from web.galleries.models import Gallery, Job
from web.galleries.work import jobs as work

MOST = 100  # of a gallery, the newest


@dataclass(frozen=True)
class JobTold:
    """Work on a gallery."""

    job: Annotated[int, "its number"]
    gallery: Annotated[str, "the slug of its gallery"]
    kind: Annotated[str, "refresh (find and embed what is new), upgrade (embed all by another network), train"]
    state: Annotated[str, "waiting, running, done, failed or stopped"]
    done: Annotated[int, "pictures, or epochs"]
    total: Annotated[int, "of them; 0 while that is not known"]
    message: Annotated[
        str, "the last line that it told, or why it failed; for who manages galleries, as it names files"
    ]
    created: datetime


@dataclass(frozen=True)
class JobsTold:
    """The newest jobs of a gallery, newest first."""

    jobs: tuple[JobTold, ...]


def jobs(request: HttpRequest, slug: str) -> JobsTold:
    """The newest jobs of a gallery."""
    if not Gallery.objects.filter(slug=slug).exists():
        raise Http404(f"{slug}: is no gallery")
    return JobsTold(
        tuple(told(request, one) for one in Job.objects.select_related("gallery").filter(gallery__slug=slug)[:MOST])
    )


def job(request: HttpRequest, number: int) -> JobTold:
    """How far a job is."""
    return told(request, _of(number))


def stop_job(request: HttpRequest, number: int) -> JobTold:
    """Have a job end after what it is at; what it has done stays."""
    work.stop(_of(number))
    return told(request, _of(number))


def go_on_with_job(request: HttpRequest, number: int) -> JobTold:
    """Have a job that was stopped, or failed, go on from where it is."""
    work.go_on(_of(number))
    return told(request, _of(number))


def told(request: HttpRequest, job: Job) -> JobTold:
    """As the program that asks is told of it."""
    message = job.message if request.manages else ""  # type: ignore[attr-defined]
    facts = (job.kind, str(job.state), job.done, job.total, message, job.created)
    return JobTold(job.pk, job.gallery.slug, *facts)


def _of(number: int) -> Job:
    found = Job.objects.select_related("gallery").filter(pk=number).first()
    if found is None:
        raise Http404(f"{number}: is no job")
    return found
