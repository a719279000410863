"""Removal of a gallery: its rows, many at a time, then its files; its pictures stay where they are."""

import shutil

from web.galleries.models import Gallery, Job

_AT_ONCE = 2000  # pictures that are deleted together: others who write wait for so many, and not for a million


def remove(gallery: Gallery) -> None:
    """Remove it, stop what is at work for it, and delete what was kept of it.

    It answers no more at once. Killed on the way, it is still there to be removed.
    """
    Job.objects.filter(gallery=gallery).update(state=Job.State.STOPPED)
    Gallery.objects.filter(pk=gallery.pk).update(active=None)
    pictures = gallery.pictures.order_by("pk")
    while numbers := list(pictures.values_list("pk", flat=True)[:_AT_ONCE]):
        gallery.pictures.filter(pk__lte=numbers[-1]).delete()
    number = gallery.pk
    gallery.delete()
    gallery.pk = number
    clear(gallery)


def clear(gallery: Gallery) -> None:
    """Delete the files of a gallery that is no more."""
    shutil.rmtree(gallery.folder, ignore_errors=True)
