"""Sketch folders: sketches that ask and photographs that answer, put together into one set from their class folders."""

import logging
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.lists import reading

log = logging.getLogger(__name__)

SEED = 0  # of which images are held out
UNSEEN = "unseen_classes.txt"  # the classes that do not train, one a line

_LISTED = re.compile(r"(?:.*/)?([^/]+)/[^/]+ \d+")  # png_ready/alarm clock/141.png 2

Files = Mapping[str, Sequence[str]]  # class -> paths


def image_set(
    name: str,
    place: Path,
    sketches: Files,
    photographs: Files,
    *,
    unseen: Collection[str],
    asks: float,
    answers: float,
) -> ImageSet:
    """The set of ``sketches`` and ``photographs``: some sketches ask, and all photographs answer.

    unseen : the classes that do not train, all of whose sketches ask
    asks : the share, or from 1 on the number, of each other class's sketches that do not train and ask
    answers : the same of photographs, that do not train and answer; those that do answer too
    Raises InputError, which begins with ``place``, for an unseen class that is not there, and where a class that trains
    has too few images to hold out so many.
    """
    classes = _classes(place, sketches, photographs)
    if lost := sorted(set(unseen) - set(classes)):
        raise InputError(f"{place}: unseen class '{lost[0]}' ({len(lost)} such) has no sketches and photographs there")
    rng, kinds = np.random.default_rng(SEED), (sketches, photographs)
    rows = [(path, name, of is sketches) for of in kinds for name in sorted(of) for path in of[name]]
    rows = [row for row in rows if row[1] in classes or not row[2]]
    labels, class_names = reading.classes([name for _, name, _ in rows])
    is_sketch = np.array([sketch for *_, sketch in rows])
    trains = np.zeros(len(rows), bool)
    for label in np.flatnonzero(np.isin(class_names, [name for name in classes if name not in unseen])):
        for sketch, held in ((True, asks), (False, answers)):
            own = rng.permutation(np.flatnonzero((labels == label) & (is_sketch == sketch)))
            trains[own[_held(place, class_names[label], len(own), held) :]] = True
    return ImageSet(
        name=name,
        images=[path for path, *_ in rows],
        labels=labels,
        class_names=class_names,
        train=np.flatnonzero(trains),
        query=np.flatnonzero(is_sketch & ~trains),
        gallery=np.flatnonzero(~is_sketch),
        sketches=is_sketch,
    ).check()


def _classes(place: Path, sketches: Files, photographs: Files) -> list[str]:
    """The classes that have both; what has photographs alone only misleads, and sketches alone are left out."""
    both = sorted(set(sketches) & set(photographs))
    if not both:
        raise InputError(f"{place}: no class has sketches and photographs; call the folders of both by the same names")
    for only, of, what in (
        (set(photographs) - set(sketches), "photographs alone", "answer and do not train"),
        (set(sketches) - set(photographs), "sketches alone", "are left out"),
    ):
        if only:
            log.warning("%s: %d class(es) have %s, such as '%s', and %s", place, len(only), of, min(only), what)
    return both


def _held(place: Path, name: str, count: int, held: float) -> int:
    number = int(held) if held >= 1 else round(held * count)
    if count - number < 1:
        raise InputError(f"{place}: class '{name}' has {count} image(s) of a kind, and {number} are held out; add some")
    return number


def unseen_in(folder: Path, *lists: str) -> list[str]:
    """The classes that ``folder/unseen_classes.txt`` names, or else those of the images in the first of ``lists``
    (patterns, of published lists with a path and a number a line) that is there; none where nothing is.
    """
    if (folder / UNSEEN).is_file():
        return [line.strip() for line in reading.lines(folder / UNSEEN) if line.strip()]
    for file in (file for pattern in lists for file in sorted(folder.glob(pattern))):
        return sorted({_class(f"{file}, line {n}", line) for n, line in enumerate(reading.lines(file), 1) if line})
    return []


def _class(where: str, line: str) -> str:
    found = _LISTED.fullmatch(line.strip())
    if found is None:
        raise InputError(f"{where}: expected FOLDER/CLASS/IMAGE NUMBER, found '{line}'")
    return found[1]


def check_count(place: Path, files: Files, expected: tuple[int, int] | None, *, title: str) -> None:
    """Raises InputError naming ``place`` where it has other numbers of images and classes than are ``expected``."""
    found = (sum(map(len, files.values())), len(files))
    if expected is not None and found != expected:
        raise InputError(
            f"{place}: has {found[0]:,} images of {found[1]:,} classes, where {title} has {expected[0]:,} of"
            f" {expected[1]:,}: unpack it again"
        )
