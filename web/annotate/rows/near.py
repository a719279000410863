"""Near: the pictures that are nearest to what is asked for, or to a class, as a row to sort."""

import numpy as np
from django.utils.translation import gettext as _

from datasets.errors import InputError
from web.annotate import classes
from web.annotate.rows import row, vectors
from web.annotate.rows.row import AT_MOST, Row
from web.galleries import served
from web.galleries.models import NO_CLASS, Gallery, Picture
from web.search.answer import answer
from web.search.question import Question
from web.serving.snapshot import Snapshot

_FARTHEST = 20  # times as many neighbors are looked at as are shown


def neighbors(gallery: Gallery, question: Question, *, first: int = 0) -> Row:
    """The pictures that answer a question, from the ``first`` on, nothing of them chosen.

    It has the name of the class of the picture that asks, where one does that has a class. Raises InputError as
    ``answer`` does.
    """
    found = answer(gallery, question, first=first, count=AT_MOST)
    shown = row.pictures(gallery, np.array([hit.picture for hit in found.hits], np.int64))
    return Row(_("what is found"), _asked_class(gallery, question), shown, found.passing, chosen=False)


def _asked_class(gallery: Gallery, question: Question) -> str:
    asked = [part.value for part in question.parts if part.kind == "picture" and part.sign > 0]
    names = {one.called for one in gallery.pictures.filter(pk__in=asked)}
    return names.pop() if len(names) == 1 else ""


def more_of(gallery: Gallery, name: str) -> Row:
    """The pictures that nobody has sorted and no folder takes for ``name``, nearest to the mean of that class first."""
    snapshot = served.of_gallery(gallery).snapshot
    found: list[Picture] = []
    rows = rows_of_class(gallery, snapshot, name)
    if len(rows):
        middle = vectors.mean(vectors.floats(snapshot, rows))
        near = row.pictures(gallery, vectors.nearest(snapshot, middle, len(rows) + AT_MOST * _FARTHEST))
        found = [one for one in near if not one.label and one.category != name]
    return Row(_("perhaps %(name)s") % {"name": name}, name, found[:AT_MOST], len(found), chosen=False)


def oddest_first(gallery: Gallery, name: str) -> np.ndarray:
    """The numbers of the pictures of a class, the least like its mean first, those without a vector last."""
    snapshot = served.of_gallery(gallery).snapshot
    rows = rows_of_class(gallery, snapshot, name)
    inside = snapshot.ids[rows]
    every = np.fromiter(classes.of_class(gallery, name).values_list("pk", flat=True), np.int64)
    if not len(rows):
        return every
    its = vectors.floats(snapshot, rows)
    order = np.argsort(its @ vectors.mean(its), kind="stable")
    return np.concatenate([inside[order], np.setdiff1d(every, inside)])


def rows_of_class(gallery: Gallery, snapshot: Snapshot, name: str) -> np.ndarray:
    """The rows of the snapshot whose pictures are of a class; raises InputError for what is none."""
    if name in ("", NO_CLASS):
        raise InputError(_("pictures without a class are like nothing in common: choose a class"))
    numbers = classes.of_class(gallery, name).values_list("pk", flat=True)
    rows = snapshot.rows(np.fromiter(numbers, np.int64))
    return rows[rows >= 0]
