"""Training: the labels of a gallery, and the command that trains on them, written down to be run here or by hand."""

import csv
import io
from collections.abc import Mapping
from contextlib import suppress

import numpy as np
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from datasets.errors import InputError
from datasets.files import contents
from datasets.files.whole import beside
from datasets.images.pixels import Unreadable
from web.galleries.models import Gallery, Picture
from web.galleries.sources import opened
from web.grow import labels, plan
from web.grow.labels import Labelled, Split
from web.grow.models import Training
from web.grow.plan import Wish


def prepare(gallery: Gallery, wish: Wish, by: AbstractBaseUser | None) -> Training:
    """Write down the labels as they are now, and the command that trains on them; nothing is trained yet.

    Raises InputError where there are too few labels, or nothing answers yet that the new network could be like.
    """
    if gallery.active is None:
        raise InputError(_("%(gallery)s: is not embedded yet; train again when it is") % {"gallery": gallery})
    found, places = _placed(gallery, labels.labelled(gallery))
    with transaction.atomic():
        gallery = Gallery.objects.select_for_update().get(pk=gallery.pk)
        split = labels.split(found, held_before=labels.held_before(gallery))
        number = 1 + (gallery.trainings.aggregate(most=Max("number"))["most"] or 0)
        made = Training(gallery=gallery, number=number, epochs=wish.epochs, by=by, held_by=split.by)
        made.held_classes, made.classes = list(split.classes), len(np.unique(found.of(split.trained)))
        made.trained, made.held = len(split.trained), len(split.held)
        _write(made, found, split, places)
        whole = split.by == Training.HeldBy.CLASSES
        planned = plan.plan(gallery.active.spec, wish, labels=made.labels, run=made.run, validation=whole)
        made.words, made.note = planned.words, planned.note
        made.save()
    return made


def _placed(gallery: Gallery, found: Labelled) -> tuple[Labelled, dict[int, str]]:
    """The labelled pictures whose files are there and can be named in a table, each file once; and where they are."""
    paths = dict(gallery.pictures.filter(state=Picture.State.THERE).values_list("pk", "path"))
    source, places = opened.finder(gallery.source), {}
    for number in found.ids.tolist():
        with suppress(Unreadable):
            place = source.place(paths[number])
            if place.isprintable() and place == place.strip() and contents.is_file(place):
                places.setdefault(place, number)
    return found.take(np.isin(found.ids, list(places.values()))), {number: place for place, number in places.items()}


def _write(training: Training, found: Labelled, split: Split, places: Mapping[int, str]) -> None:
    """Write labels.csv, which the command reads, and the numbers of the pictures that it trains on."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("label", "path", "split"))
    for part, ids in (("train", split.trained), ("test", split.held)):
        names = (found.names[label] for label in found.of(ids))
        rows.writerows((name, places[number], part) for name, number in zip(names, ids.tolist(), strict=True))
    training.folder.mkdir(parents=True, exist_ok=True)
    with beside(training.labels) as part:
        part.write_text(text.getvalue(), encoding="utf-8")
    with beside(training.seen) as part, part.open("wb") as file:
        np.save(file, split.trained)
