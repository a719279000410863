"""Written: a gallery as a table of its classes, which --data=folder reads, or as a vectors file."""

import os
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.files.whole import beside
from datasets.images.pixels import Unreadable
from datasets.stored import vectors_file
from datasets.vectors.base import VectorSet
from web.galleries import served
from web.galleries.exported import labelled
from web.galleries.models import Gallery
from web.galleries.sources import opened
from web.galleries.sources.base import Source, named


def export(gallery: Gallery, out: Path) -> str:
    """Write ``out``, a .csv table or an .h5 of vectors; returns a line that says what it holds.

    The table is the labels.csv of the page: pictures with a class and a file, and what trains and what tests.
    """
    if out.suffix.lower() not in (".csv", ".h5", ".hdf5"):
        raise InputError(f"{out}: a gallery is exported as a table, .csv, or as vectors, .h5; name one of these")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        return _table(gallery, out) if out.suffix.lower() == ".csv" else _vectors(gallery, out)
    except OSError as error:
        raise InputError(f"{out}: cannot be written ({error.strerror})") from None


def _table(gallery: Gallery, out: Path) -> str:
    found, left_out = labelled.labelled(gallery)
    lines = labelled.csv(found, labelled.testing(found))
    with beside(out) as part, part.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file:
        file.writelines(lines)
    others = gallery.pictures.count() - len(found) - left_out
    told = [f"{len(found):,} pictures: {out}"]
    told += [f"{others:,} without a class, unreadable or gone are left out"] if others else []
    told += [f"{left_out:,} with a class whose file is gone, or whose path no list can hold, too"] if left_out else []
    return "; ".join(told)


def _place(source: Source, path: str) -> str:
    try:
        return source.place(path)
    except Unreadable:
        return named(path)


def _vectors(gallery: Gallery, out: Path) -> str:
    answers = served.of_gallery(gallery)
    pictures = gallery.pictures.in_bulk(answers.snapshot.ids.tolist())
    source, rows = opened.finder(gallery.source), [pictures.get(int(pk)) for pk in answers.snapshot.ids]
    called = [picture.called if picture else "" for picture in rows]
    names, labels = np.unique(called, return_inverse=True)
    found = VectorSet(
        gallery.slug,
        "euclidean",
        np.asarray(answers.snapshot.vectors),
        np.asarray(answers.snapshot.vectors[:0]),
        gallery_labels=labels.astype(np.int64),
        gallery_paths=tuple(os.fspath(_place(source, picture.path)) if picture else "" for picture in rows),
        class_names=tuple(map(str, names)),
        attrs={"network": gallery.active.fingerprint},
    )
    vectors_file.save(out, found)
    return f"{len(rows):,} vectors of {found.dim} numbers: {out}"
