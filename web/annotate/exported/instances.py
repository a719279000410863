"""Instances: the groups that pairs make, as the CSV that --data=instances reads."""

from collections.abc import Iterator

from datasets.errors import InputError
from web.annotate import pairs
from web.annotate.exported import cells
from web.annotate.exported.labelled import placed
from web.galleries.models import Gallery

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
