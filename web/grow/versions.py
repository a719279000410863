"""Versions: which of them answers, a switch and back, and the removal of those that nobody needs."""

import shutil
from datetime import timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from datasets.errors import InputError
from web.galleries.models import Gallery, Job, Version
from web.grow.models import Entry

# A search that began before a switch may be about to open the version that it was told of.
_REST = timedelta(seconds=30)

_SWITCHES = (Entry.Kind.SWITCH, Entry.Kind.BACK)


@transaction.atomic
def switch(gallery: Gallery, version: Version, by: AbstractBaseUser | None) -> Entry:
    """Have ``version`` answer from now on; searches that have begun are answered by the one before.

    Raises InputError where it is of another gallery, not whole, or answers already.
    """
    gallery = Gallery.objects.select_for_update().get(pk=gallery.pk)
    version = Version.objects.get(pk=version.pk)
    if version.gallery_id != gallery.pk:
        raise InputError(_("version %(number)d is not of this gallery") % {"number": version.number})
    if version.state != Version.State.READY or not version.snapshot:
        raise InputError(_("version %(number)d is not embedded yet: wait for its job") % {"number": version.number})
    if gallery.active_id == version.pk:
        raise InputError(_("version %(number)d answers already") % {"number": version.number})
    kind = Entry.Kind.BACK if version == back_to(gallery) else Entry.Kind.SWITCH
    before = gallery.active.number if gallery.active else 0
    Gallery.objects.filter(pk=gallery.pk).update(active=version)
    return Entry.write(gallery, kind, by, before=before, after=version.number)


def back_to(gallery: Gallery) -> Version | None:
    """The version that answered before the last switch, where it is still there."""
    last = gallery.growth.filter(kind__in=_SWITCHES).first()
    return gallery.versions.filter(number=last.before, snapshot__gt=0).first() if last else None


def next_number(gallery: Gallery) -> int:
    """One that no version has or had: what is kept open goes by its folder, which has the number in its name."""
    numbers = (gallery.versions.aggregate(most=Max("number")), gallery.growth.aggregate(most=Max("after")))
    removed = gallery.growth.aggregate(most=Max("before"))
    return 1 + max(found["most"] or 0 for found in (*numbers, removed))


def remove(version: Version, by: AbstractBaseUser | None) -> None:
    """Take a version out, with its vectors; raises InputError where it answers, did a moment ago, or is being made."""
    told = {"number": version.number}
    with transaction.atomic():
        gallery = Gallery.objects.select_for_update().get(pk=version.gallery_id)
        if gallery.active_id == version.pk:
            raise InputError(_("version %(number)d answers searches: switch to another one first") % told)
        left = gallery.growth.filter(kind__in=_SWITCHES, before=version.number, at__gt=timezone.now() - _REST)
        if left.exists():
            raise InputError(_("version %(number)d answered until a moment ago: try again in half a minute") % told)
        at_work = gallery.jobs.filter(state__in=(Job.State.WAITING, Job.State.RUNNING))
        if at_work.filter(Q(version=version) | Q(kind="refresh")).exists():  # a refresh embeds all that are ready
            raise InputError(_("version %(number)d is being embedded: stop its job first") % told)
        folder = version.folder
        Entry.write(gallery, Entry.Kind.REMOVAL, by, before=version.number)
        version.delete()
    shutil.rmtree(folder, ignore_errors=True)
