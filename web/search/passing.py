"""Passing: which pictures a filter lets through, as numbers and as rows of a snapshot."""

from datetime import date, datetime, time, timedelta

import numpy as np
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Substr
from django.utils import timezone

from web.galleries.models import NO_CLASS, Gallery, Picture
from web.search.question import Filter
from web.serving.snapshot import Snapshot

ANY = Filter()
_FIRST, _LAST = date(1000, 1, 1), date(9998, 12, 31)


def rows(gallery: Gallery, snapshot: Snapshot, which: Filter) -> np.ndarray | None:
    """(N,) bool, the rows of ``snapshot`` whose pictures pass; None where all do."""
    if which == ANY:
        return None
    passing = np.zeros(len(snapshot), bool)
    found = snapshot.rows(numbers(gallery, which))
    passing[found[found >= 0]] = True
    return passing


def numbers(gallery: Gallery, which: Filter) -> np.ndarray:
    """The numbers of the pictures that pass, (n,) int64, in any order."""
    return np.fromiter(pictures(gallery, which).order_by().values_list("pk", flat=True), np.int64)


def pictures(gallery: Gallery, which: Filter) -> QuerySet[Picture]:
    """The pictures that pass, as a query of the database."""
    found = gallery.pictures.all()
    if which.categories:
        names = [name for name in which.categories if name != NO_CLASS]
        found = found.filter(Q(label__in=names) | Q(label="", category__in=names))
    if which.folder:
        head = which.folder.strip("/") + "/"  # by equality: what SQLite calls startswith takes A for a
        found = found.annotate(head=Substr("path", 1, len(head))).filter(head=Value(head))
    if which.since:
        found = found.filter(taken__gte=_midnight(which.since))
    if which.until:
        found = found.filter(taken__lt=_midnight(which.until) + timedelta(days=1))
    for tag in which.tags:
        found = found.filter(tags__name=tag)
    return found


def _midnight(day: date) -> datetime:
    """The beginning of a day, or of the first or last that any zone and database can tell."""
    return timezone.make_aware(datetime.combine(min(max(day, _FIRST), _LAST), time.min))
