"""Labelled: the pictures with a class and their files, as the CSV that --data=folder reads."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from datasets.errors import InputError
from datasets.files import address
from datasets.images.pixels import Unreadable
from datasets.lists import reading, tables
from web.galleries.exported import cells
from web.galleries.models import Gallery, Picture
from web.galleries.sources import opened
from web.galleries.sources.base import Source

COLUMNS = ("label", "path", "split", "width", "height", "taken", "tags")  # the first three are what a training reads
_TESTS = 5  # every fifth class tests


@dataclass(frozen=True, slots=True)
class Labelled:
    """A picture with a class; place : of its file, as a list may name it; taken : as ISO 8601 has it, "" for unknown.

    tags : with blanks between
    """

    number: int
    label: str
    path: str
    place: str
    width: int
    height: int
    taken: str = ""
    tags: str = ""


def labelled(gallery: Gallery) -> tuple[list[Labelled], int]:
    """The pictures with a class whose files are there, and how many others have a class.

    Left out is what a list cannot name too: paths with a backslash, or with signs that cannot be printed.
    """
    source, tags = opened.finder(gallery.source), _tags(gallery)
    columns = ("pk", "label", "category", "path", "width", "height", "taken")
    every = [Picture(**dict(zip(columns, row, strict=True))) for row in _rows(gallery, columns)]
    named = [(one, place) for one in every if one.called and (place := place_of(source, one.path))]
    absent = set(reading.absent([place for _, place in named]))
    found = [
        Labelled(
            one.pk,
            " ".join(one.called.split()),
            one.path,
            place,
            one.width,
            one.height,
            one.taken.isoformat() if one.taken else "",
            " ".join(tags.get(one.pk, ())),
        )
        for row, (one, place) in enumerate(named)
        if row not in absent
    ]
    return found, sum(bool(one.called) for one in every) - len(found)


def _rows(gallery: Gallery, columns: tuple[str, ...]) -> Iterator[tuple]:
    return gallery.pictures.filter(state=Picture.State.THERE).values_list(*columns).iterator(chunk_size=10_000)


def _tags(gallery: Gallery) -> dict[int, list[str]]:
    """Those of each picture that has some."""
    found = defaultdict(list)
    for number, name in gallery.tags.values_list("pictures", "name"):
        found[number].append(name)
    return found


def place_of(source: Source, path: str) -> str:
    """Where a picture is; "" where a list cannot name it."""
    try:
        place = source.place(path)
    except Unreadable:
        return ""
    good = place.isprintable() and "\\" not in place and place == place.strip()
    return place if good or address.is_address(place) else ""


def testing(found: list[Labelled]) -> set[int]:
    """The numbers of the pictures that test: those of every fifth class with two pictures and more.

    With fewer than five such classes, every fifth picture of each, so that all classes train.
    """
    of_class = defaultdict(list)
    for one in found:
        of_class[one.label].append(one.number)
    paired = sorted(name for name, numbers in of_class.items() if len(numbers) > 1)
    if len(paired) >= _TESTS:
        return {number for name in paired[_TESTS - 1 :: _TESTS] for number in of_class[name]}
    return {number for numbers in of_class.values() for number in numbers[_TESTS - 1 :: _TESTS]}


def csv(found: list[Labelled], tests: Collection[int]) -> Iterator[str]:
    """The CSV file that --data=folder reads; ``tests`` are the numbers of the pictures that do not train.

    A label that a spreadsheet would run stands behind a ', which the reader takes off again (``tables.unguarded``).
    Raises InputError where there is no picture.
    """
    if not found:
        raise InputError("no picture has a class and a file that is there: sort some pictures first")
    return cells.lines(COLUMNS, (_line(one, one.number in tests) for one in found))


def _line(one: Labelled, tests: bool) -> tuple[object, ...]:
    about = (one.width, one.height, one.taken, tables.guarded(one.tags))
    return (tables.guarded(one.label), one.place, "test" if tests else "train", *about)
