"""Supervisor: the one process that has all jobs done, each in a process of its own, until none is left.

It is begun with the server and with every job, and needs neither: whoever is begun while another one is at work ends.
"""

import logging
import os
import subprocess
import sys
import time
from collections import Counter

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_noop as _

from datasets.errors import InputError
from datasets.files import lock
from web.galleries.models import Job
from web.galleries.work import kinds
from web.galleries.work.lines import line

log = logging.getLogger(__name__)

_EVERY = 0.5  # seconds between two looks
_TRIES = 3  # of a job whose process dies without having done more
_PATIENCE = 15.0  # seconds that a process has to come to work
_NAME = "work.lock"
_killed = _(
    "its process was killed by signal %(code)d, %(times)d times at the same place; is there room on the disk, and"
    " memory enough? %(log)s tells more"
)
_ended = _(
    "its process ended with code %(code)d, %(times)d times at the same place; is there room on the disk, and memory"
    " enough? %(log)s tells more"
)
_last = -_PATIENCE


def begin() -> None:
    """Have a process work, which goes on when this one ends; nothing where ``settings.WORK`` says that none is to."""
    if not settings.WORK or not unfinished():
        return
    settings.DATA.mkdir(parents=True, exist_ok=True)
    with open(settings.DATA / "work.log", "ab") as log_file:
        subprocess.Popen(
            [sys.executable, "-m", "web.manage", "work"],
            stdin=subprocess.DEVNULL, stdout=log_file, stderr=log_file, start_new_session=True, env=_environment(),
        )  # fmt: skip


def begin_again() -> None:
    """The same for whoever looks on and sees that nobody is at work, as after a kill; not oftener than takes effect."""
    global _last
    if time.monotonic() - _last > _PATIENCE and unfinished() and not is_at_work():
        _last = time.monotonic()
        begin()


def unfinished() -> bool:
    """Whether there is a job that waits, or is at work."""
    return Job.objects.filter(state__in=(Job.State.WAITING, Job.State.RUNNING)).exists()


def is_at_work() -> bool:
    """Whether a process works."""
    try:
        with lock.alone(settings.DATA, flag="WEB_DATA", name=_NAME):
            return False
    except InputError:
        return True


def work() -> None:
    """Have all jobs done; returns when none is left, or soon where another process does that."""
    for _try in range(_TRIES):
        while unfinished():  # asked again without the lock: a job may have come when the last look was over
            try:
                held = lock.hold(settings.DATA, flag="WEB_DATA", name=_NAME)
            except InputError:
                break
            try:
                _all()
            finally:
                os.close(held)
        else:
            return
        time.sleep(_EVERY)  # whoever has it may only have looked whether somebody does


def _all() -> None:
    at_work: dict[str, tuple[int, subprocess.Popen]] = {}  # of each lane the job, and its process
    deaths: Counter = Counter()
    while at_work or unfinished():
        for lane, (number, process) in list(at_work.items()):
            if process.poll() is not None:
                del at_work[lane]
                _note(number, process.returncode, deaths)
        for job in Job.objects.filter(state__in=(Job.State.WAITING, Job.State.RUNNING)).order_by("pk"):
            if (lane := kinds.lane(job.kind)) not in at_work:
                at_work[lane] = (job.pk, _process(job.pk))
        time.sleep(_EVERY)


def _process(number: int) -> subprocess.Popen:
    connection.close()
    return subprocess.Popen([sys.executable, "-m", "web.manage", "work", f"--job={number}"], env=_environment())


def _environment() -> dict[str, str]:
    """That of this process, in which ours can be imported from anywhere."""
    path = os.pathsep.join(filter(None, (str(settings.ROOT.parent), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path}


def _note(number: int, code: int, deaths: Counter) -> None:
    """Note how a process ended; a job that kills it again and again without getting on is given up."""
    job = Job.objects.filter(pk=number, state__in=(Job.State.WAITING, Job.State.RUNNING)).first()
    if job is None:
        return
    deaths[number, job.message, job.done] += 1
    if deaths[number, job.message, job.done] >= _TRIES:
        told = line(_killed if code < 0 else _ended, code=abs(code), times=_TRIES, log=f"{settings.DATA}/work.log")
        Job.objects.filter(pk=number).update(state=Job.State.FAILED, message=told, said=told.parts)
