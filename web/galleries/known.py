"""Known: what the database knows of galleries and of pictures, as it is asked for many times a second.

What is here is to be read only: requests share it.
"""

import functools
from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection

from web.galleries.models import NO_CLASS, Gallery, Picture
from web.unchanged import while_unchanged


class Known(NamedTuple):
    """A picture as ``Picture`` has it, which is made ten times as slowly."""

    pk: int
    gallery_id: int
    path: str
    label: str
    category: str
    width: int
    height: int
    content: str

    @property
    def called(self) -> str:
        """Its class: what people said, else what its folder says; "" for none."""
        return "" if self.label == NO_CLASS else self.label or self.category


def pictures(numbers: Sequence[int]) -> dict[int, Known]:
    """{number: picture} of those that are there."""
    if not numbers:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_statement(len(numbers)), numbers)
        return {row[0]: Known(*row) for row in cursor.fetchall()}


@functools.lru_cache(maxsize=64)
def _statement(count: int) -> str:
    """How Django asks for so many pictures; to find that out takes longer than to ask."""
    rows = Picture.objects.filter(pk__in=range(count)).order_by().values_list(*Known._fields)
    return rows.query.sql_with_params()[0]


@while_unchanged
def by_slug(slug: str) -> Gallery | None:
    """The gallery of that name in addresses, with the version that answers for it; None where there is none."""
    return _told(Gallery.objects.select_related("active").filter(slug=slug).first())


@while_unchanged
def by_number(number: int) -> Gallery | None:
    """The same by its number."""
    return _told(Gallery.objects.select_related("active").filter(pk=number).first())


def _told(found: Gallery | None) -> Gallery | None:
    if found is not None and found.active is not None:
        found.active.gallery = found  # which its folder asks for
    return found
