"""Proposed: the rows of what was mined, without what people have sorted since."""

import numpy as np
from django.utils.translation import gettext as _

from web.annotate.rows import row
from web.annotate.rows.mined import Kept, unsorted
from web.annotate.rows.row import AT_MOST, Row
from web.galleries.models import Gallery


def rows(gallery: Gallery, kept: Kept, among: str, *, first: int = 0, count: int = 8) -> tuple[list[Row], int | None]:
    """``count`` rows that have pictures left, from ``first`` on, and the place of the next, None for none."""
    waiting = np.isin(kept.ids, np.fromiter(unsorted(gallery, among), np.int64))
    before = np.append(0, np.cumsum(waiting))
    left = np.diff(before[np.append(0, kept.ends)])  # of each row
    places = np.flatnonzero(left[first:] > 0) + first
    shown = {place: _waiting(kept, waiting, place)[:AT_MOST] for place in places[:count].tolist()}
    found = row.pictures(gallery, np.concatenate([np.empty(0, np.int64), *shown.values()]))
    by_number = {one.pk: one for one in found}
    made = [
        Row(
            title=_title(kept, place),
            name="" if kept.is_new[place] else str(kept.names[place]),
            pictures=[by_number[number] for number in numbers.tolist() if number in by_number],
            count=int(left[place]),
            chosen=True,
            confidence=float(kept.confidence[place]),
        )
        for place, numbers in shown.items()
    ]
    return made, int(places[count]) if len(places) > count else None


def _waiting(kept: Kept, waiting: np.ndarray, place: int) -> np.ndarray:
    start = kept.ends[place - 1] if place else 0
    return kept.pictures(place)[waiting[start : kept.ends[place]]]


def _title(kept: Kept, place: int) -> str:
    name = str(kept.names[place])
    return name if kept.is_new[place] else _("perhaps %(name)s") % {"name": name}
