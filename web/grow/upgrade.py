"""Upgrade: another version of a gallery beside the one that answers, embedded by a job, and then compared with it."""

from pathlib import Path

import numpy as np
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from datasets.errors import InputError
from web.galleries import served
from web.galleries.models import Gallery, Job, Version
from web.galleries.work import jobs, refresh
from web.galleries.work.lines import line
from web.galleries.work.progress import Progress
from web.grow import compare, runs, seen, versions
from web.grow.models import Comparison, Entry, Training
from web.grow.training import labels, running
from web.grow.training.labels import Labelled
from web.serving.network import Spec

KIND = "upgrade"  # of the job
_UNKNOWN = 200  # pictures that ask where none has a class


def begin(gallery: Gallery, spec: Spec, by: AbstractBaseUser | None, *, note: str = "") -> Version:
    """A new version by the network of ``spec``, which waits to be embedded; the one that answers goes on answering.

    Raises InputError where the network is not there, is none that sees pictures, or is a version's already.
    """
    if spec.kind == "run":
        runs.check(Path(spec.path), spec.checkpoint)
    with transaction.atomic():
        gallery = Gallery.objects.select_for_update().get(pk=gallery.pk)
        there = next((each for each in gallery.versions.all() if each.spec == spec), None)
        if there is not None and there.state != Version.State.FAILED:
            told = {"number": there.number, "path": spec.path or spec.model}
            raise InputError(_("%(path)s: version %(number)d is of this network already") % told)
        number = versions.next_number(gallery)
        version = Version.objects.create(gallery=gallery, number=number, network=str(spec), note=note)
        active = gallery.active.number if gallery.active else 0
        Entry.write(gallery, Entry.Kind.UPGRADE, by, before=active, after=number)
        jobs.add(gallery, KIND, version)
    return version


def begin_trained(training: Training, by: AbstractBaseUser | None) -> Version:
    """The same by the network that a training has made; raises InputError where it is not done."""
    if not running.is_done(training):
        raise InputError(_("training %(number)d is not done yet") % {"number": training.number})
    note = _("trained on %(trained)d pictures of %(classes)d classes (training %(number)d)") % {
        "trained": training.trained,
        "classes": training.classes,
        "number": training.number,
    }
    version = begin(training.gallery, Spec("run", path=str(training.run)), by, note=note)
    Training.objects.filter(pk=training.pk).update(version=version)
    return version


def work(job: Job, progress: Progress) -> str:
    """What a job of an upgrade does; where all is embedded it only compares anew."""
    refresh.upgrade(job, progress)
    version = Version.objects.select_related("gallery__active").get(pk=job.version_id)
    if version.gallery.active_id == version.pk:
        return ""
    progress.say(line(gettext_noop("compare")))
    found = judge(version)
    return ", ".join(f"{name} {before:.3f} → {after:.3f}" for name, before, after in found.scores)


def judge(version: Version) -> Comparison:
    """Compare a version that is embedded with the one that answers, and write down what came of it.

    Raises InputError where there is nothing to compare it with.
    """
    before = version.gallery.active
    if before is None or not before.snapshot or before.pk == version.pk:
        raise InputError(
            _("version %(number)d: no other version answers that it could be compared with") % _of(version)
        )
    known = labels.labelled(version.gallery)
    asking, told = _asking(known, before, version)
    one, other = (served.of_version(each).snapshot for each in (before, version))
    found = compare.compared(one, other, asking if len(known.ids) else _some(one.ids), known)
    made, _new = Comparison.objects.update_or_create(
        version=version, defaults={"before": before, "told": told, **found.plain()}
    )
    return made


def _asking(known: Labelled, before: Version, after: Version) -> tuple[np.ndarray, str]:
    """The labelled pictures that neither version was trained on, and a line about them."""
    if not len(known.ids):
        return known.ids, _("no picture has a class: there is nothing to score; what changed is shown")
    trained = {version: seen.trained_on(version) for version in (before, after)}
    unknown = [version for version, ids in trained.items() if ids is None]
    ids = np.concatenate([np.empty(0, np.int64), *(ids for ids in trained.values() if ids is not None)])
    unseen = known.take(~np.isin(known.ids, ids))
    if not len(unseen.ids):
        return known.ids, _("every picture with a class was trained on: these scores are better than new ones would be")
    told = ngettext(
        "%(count)d picture of %(classes)d class(es) asks, which no training known here has seen",
        "%(count)d pictures of %(classes)d class(es) ask, which no training known here has seen",
        len(unseen.ids),
    ) % {"count": len(unseen.ids), "classes": len(np.unique(unseen.labels))}
    for version in unknown:
        told += "; " + _("nobody knows what the network of version %(number)d was trained on") % _of(version)
    return unseen.ids, told


def _some(ids: np.ndarray) -> np.ndarray:
    """Some of the pictures, the same each time."""
    chosen = np.random.default_rng(0).choice(len(ids), min(_UNKNOWN, len(ids)), replace=False)
    return np.sort(np.asarray(ids)[chosen])


def _of(version: Version) -> dict[str, object]:
    return {"number": version.number}
