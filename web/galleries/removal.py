"""Removal of a gallery: its rows at once, then its files; its pictures stay where they are."""

import shutil

from web.galleries.models import Gallery, Job


def remove(gallery: Gallery) -> None:
    """Remove it, stop what is at work for it, and delete what was kept of it."""
    Job.objects.filter(gallery=gallery).update(state=Job.State.STOPPED)
    number = gallery.pk
    gallery.delete()
    gallery.pk = number
    clear(gallery)


def clear(gallery: Gallery) -> None:
    """Delete the files of a gallery that is no more."""
    shutil.rmtree(gallery.folder, ignore_errors=True)
