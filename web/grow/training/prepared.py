"""Training: the labels of a gallery, and the command that trains on them, written down to be run here or by hand."""

import numpy as np
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from datasets.errors import InputError
from datasets.files.whole import beside
from web.galleries.exported import labelled
from web.galleries.models import Gallery
from web.grow.models import Training
from web.grow.training import labels, plan
from web.grow.training.labels import Split
from web.grow.training.plan import Wish


def prepare(gallery: Gallery, wish: Wish, by: AbstractBaseUser | None) -> Training:
    """Write down the labels as they are now, and the command that trains on them; nothing is trained yet.

    Raises InputError where there are too few labels, or nothing answers yet that the new network could be like.
    """
    if gallery.active is None:
        raise InputError(_("%(gallery)s: is not embedded yet; train again when it is") % {"gallery": gallery})
    rows = list({one.place: one for one in labelled.labelled(gallery)[0]}.values())  # a list may name a file twice
    found = labels.of((one.number, one.label) for one in rows)
    with transaction.atomic():
        gallery = Gallery.objects.select_for_update().get(pk=gallery.pk)
        split = labels.split(found, held_before=labels.held_before(gallery))
        number = 1 + (gallery.trainings.aggregate(most=Max("number"))["most"] or 0)
        made = Training(gallery=gallery, number=number, epochs=wish.epochs, by=by, held_by=split.by)
        made.held_classes, made.classes = list(split.classes), len(np.unique(found.of(split.trained)))
        made.trained, made.held = len(split.trained), len(split.held)
        _write(made, rows, split)
        whole = split.by == Training.HeldBy.CLASSES
        planned = plan.plan(gallery.active.spec, wish, labels=made.labels, run=made.run, validation=whole)
        made.words, made.note = planned.words, planned.note
        made.save()
    return made


def _write(training: Training, rows: list[labelled.Labelled], split: Split) -> None:
    """Write labels.csv, which the command reads, and the numbers of the pictures that it trains on."""
    training.folder.mkdir(parents=True, exist_ok=True)
    with beside(training.labels) as part, part.open("w", encoding="utf-8", newline="") as file:
        file.writelines(labelled.csv(rows, set(split.held.tolist())))
    with beside(training.seen) as part, part.open("wb") as file:
        np.save(file, split.trained)
