"""Progress: what a job has done so far, as the database tells it, and whether it is to stop."""

import time

from django.utils import timezone

from web.galleries.models import Job
from web.galleries.work.lines import parts_of

_EVERY = 1.0  # seconds between two lines of the database


class Stopped(Exception):
    """Somebody stopped the job, or removed its gallery."""


class Progress:
    """Tells how far ``job`` is; called with pictures done, of how many, and of what."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._last = 0.0

    def __call__(self, done: int, total: int, what: str) -> None:
        """Tell it, once a second at most and at the end; raises Stopped."""
        now = time.monotonic()
        if now - self._last >= _EVERY or done == total:
            self._last = now
            self.say(what, done=done, total=total)

    def say(self, message: str, **fields: object) -> None:
        """Tell a line at once; raises Stopped."""
        running = Job.objects.filter(pk=self._job.pk, state=Job.State.RUNNING)
        if not running.update(message=message, said=parts_of(message), beat=timezone.now(), **fields):
            raise Stopped
