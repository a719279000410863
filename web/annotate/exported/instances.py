"""Instances: the groups that pairs make, as the CSV that --data=instances reads."""

from collections.abc import Iterator

from datasets.errors import InputError
from datasets.lists import reading
from web.annotate import pairs
from web.annotate.labels import parted
from web.galleries.exported import cells
from web.galleries.exported.labelled import place_of
from web.galleries.models import Gallery
from web.galleries.sources import opened

COLUMNS = ("path", "instance", "role")


def instances(gallery: Gallery) -> Iterator[str]:
    """The CSV file, a piece at a time: a group is an instance, each of its pictures a view of it.

    Raises InputError where no two pictures were said to be the same.
    """
    groups = pairs.groups(gallery)
    place = placed(gallery, [number for group in groups for number in group])
    rows = [(place[one], f"thing-{n}", "view") for n, group in enumerate(groups, 1) for one in group if one in place]
    if not rows:
        raise InputError("no two pictures are said to be the same: say so of some pairs first")
    return cells.lines(COLUMNS, rows)


def placed(gallery: Gallery, numbers: list[int]) -> dict[int, str]:
    """Where the files of pictures are, by number, of those that are there and that a list can name."""
    source = opened.finder(gallery.source)
    paths = {one.pk: one.path for part in parted(numbers) for one in gallery.pictures.filter(pk__in=part)}
    places = {number: place_of(source, path) for number, path in paths.items()}
    named = {number: place for number, place in places.items() if place}
    absent = set(reading.absent(list(named.values())))
    return {number: place for row, (number, place) in enumerate(named.items()) if row not in absent}
