"""Row: pictures side by side that may be of one class, as a page shows them to be sorted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from web.annotate.labels import parted
from web.galleries.models import Gallery, Picture

AT_MOST = 60  # pictures of a row that are shown


@dataclass(frozen=True)
class Row:
    """A row.

    title : what it is; name : of the class that its pictures may be of, "" where that is to be typed
    pictures : AT_MOST of them; count : how many there are
    chosen : whether they are ticked before anybody looked
    """

    title: str
    name: str
    pictures: Sequence[Picture]
    count: int
    chosen: bool
    confidence: float = 0.0

    @property
    def percent(self) -> int:
        """The confidence as people read it."""
        return round(100 * self.confidence)


def pictures(gallery: Gallery, numbers: np.ndarray) -> list[Picture]:
    """The pictures of these numbers, in their order, without those that the database does not know any more."""
    wanted = numbers.tolist()
    found = {one.pk: one for part in parted(wanted) for one in gallery.pictures.filter(pk__in=part)}
    return [found[number] for number in wanted if number in found]
