"""Gallery: add, refresh, list, remove and export galleries from the command line."""

import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from datasets.errors import InputError
from web.galleries import adding, removal
from web.galleries.exported import written
from web.galleries.models import Gallery, Job
from web.galleries.work import jobs, running, supervisor
from web.safety import databases

_EVERY = 0.5  # seconds between two lines of progress


class Command(BaseCommand):
    """python -m web.manage gallery list"""

    help = "Add, refresh, list, remove and export galleries."

    def add_arguments(self, parser: CommandParser) -> None:
        """What scripts/gallery.py gives."""
        parser.add_argument("action", choices=("add", "refresh", "list", "remove", "export"))
        for flag in ("--name", "--images", "--run", "--model", "--use-pretrained", "--pool", "--gallery", "--out"):
            parser.add_argument(flag, default="")
        parser.add_argument("--checkpoint", default="best")
        for flag in ("--image-size", "--resize", "--multiscale", "--whitening"):
            parser.add_argument(flag, default="")
        parser.add_argument("--once", action="store_true", help="add none that is there; wait for no job")

    def handle(self, *, action: str, **options: Any) -> None:
        """Do it; raises InputError for a user's mistake."""
        with databases.told():
            getattr(self, f"_{action}")(options)

    def _add(self, options: dict[str, Any]) -> None:
        spec = adding.spec(options)
        if options.get("once") and adding.is_there(options["images"], spec):
            return
        gallery = adding.add(options["name"], options["images"], spec)
        self.stdout.write(f"{gallery.slug}: added; its pictures are embedded")
        if not options.get("once"):
            self._follow(gallery.jobs.first())

    def _refresh(self, options: dict[str, Any]) -> None:
        for gallery in [_named(options["gallery"])] if options["gallery"] else list(Gallery.objects.all()):
            self._follow(jobs.add(gallery, "refresh"))

    def _list(self, options: dict[str, Any]) -> None:
        galleries = list(Gallery.objects.select_related("active"))
        for gallery in galleries:
            count, active = gallery.pictures.filter(state="there").count(), gallery.active
            network = adding.called(active.spec) if active else "not embedded yet"
            pictures = f"{count:,} picture{'s' * (count != 1)}"
            self.stdout.write(f"{gallery.slug}  {pictures}  {gallery.source}  {network}")
        if not galleries:
            self.stdout.write(f"there is no gallery in {settings.DATA} yet: add one")

    def _remove(self, options: dict[str, Any]) -> None:
        gallery = _named(options["gallery"])
        removal.remove(gallery)
        self.stdout.write(f"{gallery.slug}: removed; its pictures stay in {gallery.source}")

    def _export(self, options: dict[str, Any]) -> None:
        gallery = _named(options["gallery"])
        self.stdout.write(written.export(gallery, Path(options["out"] or f"{gallery.slug}.csv")))

    def _follow(self, job: Job) -> None:
        """Tell how a job gets on until it has ended; who does not wait for that ends the telling alone."""
        if not settings.WORK:
            running.run(job.pk)
        told = ""
        job.refresh_from_db()
        while True:
            if (line := _line(job)) != told:
                self.stdout.write(line)
            told = line
            if job.state not in jobs.UNFINISHED:
                break
            time.sleep(_EVERY)
            supervisor.begin_again()
            job.refresh_from_db()
        if job.state == Job.State.FAILED:
            raise InputError(f"{job.gallery.slug}: {job.message}")


def _line(job: Job) -> str:
    count = f"{job.done:,} of {job.total:,}" if job.total else ""
    return " ".join(filter(None, (f"{job.gallery.slug}: {job.get_state_display()}", job.message, count)))


def _named(slug: str) -> Gallery:
    try:
        return Gallery.objects.get(slug=slug)
    except Gallery.DoesNotExist:
        known = ", ".join(Gallery.objects.values_list("slug", flat=True)) or "none"
        raise InputError(f"--gallery={slug}: there is no such gallery; there are {known}") from None
