"""Labels: the pictures of a gallery whose class is known, and which of them a training does not see."""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np

from datasets.errors import InputError
from web.galleries.models import NO_CLASS, Gallery, Picture
from web.grow.models import Training

_MANY = 8  # classes with pairs from which on whole classes are held out
_SHARE = 0.25  # of the classes, or of a class's pictures


@dataclass(frozen=True, eq=False)
class Labelled:
    """Pictures with a class: ids (N,) int64, rising, and labels (N,) int64, positions in ``names``."""

    ids: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]

    def of(self, ids: np.ndarray) -> np.ndarray:
        """The labels of pictures, in the shape of ``ids``, -1 where there is none."""
        if not len(self.ids):
            return np.full(ids.shape, -1)
        places = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where(self.ids[places] == ids, self.labels[places], -1)

    def take(self, chosen: np.ndarray) -> "Labelled":
        """Those that (N,) bool chooses."""
        return Labelled(self.ids[chosen], self.labels[chosen], self.names)


@dataclass(frozen=True, eq=False)
class Split:
    """Which pictures train and which are held out, ids (n,) int64 each; ``classes`` are those of which all are."""

    trained: np.ndarray
    held: np.ndarray
    by: str
    classes: tuple[str, ...] = ()


def labelled(gallery: Gallery) -> Labelled:
    """The pictures that are there and have a class, by people or else by their folder."""
    there = gallery.pictures.filter(state=Picture.State.THERE).order_by("pk").values_list("pk", "label", "category")
    rows = [(number, label or category) for number, label, category in there.iterator(chunk_size=10_000)]
    return of([row for row in rows if row[1] not in ("", NO_CLASS)])


def of(rows: Iterable[tuple[int, str]]) -> Labelled:
    """Pictures, by their numbers, and their classes."""
    rows = sorted(rows)
    names, labels = np.unique([name for _, name in rows], return_inverse=True)
    return Labelled(np.array([number for number, _ in rows], np.int64), labels, tuple(map(str, names)))


def split(found: Labelled, *, held_before: Collection[str] = ()) -> Split:
    """What trains, and what judges and is therefore not trained on.

    A network for search is to tell apart what it has never seen, so that a quarter of the classes is held out, those
    of earlier trainings first, for no version to be judged on what another was trained on. With fewer than 8 classes
    each would be missed: a quarter of the pictures of each class is held out, two at least and two left.
    Raises InputError where there are too few labels for either.
    """
    counts = np.bincount(found.labels, minlength=len(found.names))
    paired = np.flatnonzero(counts > 1)
    if len(paired) < 2:
        raise InputError(
            f"{len(paired)} class(es) have two pictures or more: a network learns to tell classes apart, so sort"
            " pictures of two classes at least"
        )
    if len(paired) >= _MANY:
        return _by_class(found, paired, held_before)
    return _by_picture(found, counts)


def held_before(gallery: Gallery) -> list[str]:
    """The classes that the last training which held out classes did not see."""
    last = gallery.trainings.filter(held_by=Training.HeldBy.CLASSES).first()
    return list(last.held_classes) if last else []


def _by_class(found: Labelled, paired: np.ndarray, before: Collection[str]) -> Split:
    names = sorted((found.names[label] for label in paired), key=lambda name: (name not in before, _draw(name)))
    classes = tuple(sorted(names[: max(2, round(_SHARE * len(names)))]))
    held = np.isin(found.labels, [found.names.index(name) for name in classes])
    return Split(found.ids[~held], found.ids[held], Training.HeldBy.CLASSES, classes)


def _by_picture(found: Labelled, counts: np.ndarray) -> Split:
    held = np.zeros(len(found.ids), bool)
    for label in np.flatnonzero(counts >= 4):
        rows = np.flatnonzero(found.labels == label)
        drawn = sorted(rows, key=lambda row: _draw(str(found.ids[row])))
        held[drawn[: max(2, round(_SHARE * len(rows)))]] = True
    if not held.any():
        raise InputError(
            f"{len(counts)} classes, none with four pictures: two of a class train and two more judge; sort more"
            f" pictures, or pictures of {_MANY} classes"
        )
    return Split(found.ids[~held], found.ids[held], Training.HeldBy.PICTURES)


def _draw(name: str) -> bytes:
    """A lot that stays the same for a name, whatever else there is."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
