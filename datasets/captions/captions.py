"""Captions, one's own photographs with what they show: a table of paths and captions, a line a caption."""

from pathlib import Path

from datasets.captions.base import CaptionSet
from datasets.errors import InputError
from datasets.lists import captioned, described, tables

LAYOUT = (
    "a table (.csv or .tsv) with the columns path and caption, or a folder with captions.csv, or train.csv and so on"
)


def load(root: str | Path | None) -> CaptionSet:
    """The set of a table, or of the tables in a folder: ``captions.csv``, or ``train.csv``, ``dev.csv``, ``test.csv``.

    A table has the columns ``path``, from its own folder on, and ``caption``, a line a caption; an image may have any
    number of them, and ``split`` (train, dev, test) is optional. Where no image is of dev, or of test, a tenth of those
    that train is held out for it, 1,000 at most; always the same ones. ``.tsv`` does for ``.csv``.

    Raises InputError naming file and line, or an image that is missing.
    """
    if root is None:
        raise InputError(f"dataset captions needs its table: name {LAYOUT}")
    place = Path(root)
    if place.suffix.lower() in tables.ENDINGS:
        files = [(str(place), "")]
    elif not place.is_dir():
        raise InputError(f"{place} is not there: name {LAYOUT}")
    elif not (files := captioned.split_files(place)):
        raise InputError(f"{place} has no captions.csv, nor train.csv: name {LAYOUT}")
    named = [line for file, part in files for line in captioned.lines(file, part)]
    found = captioned.held_out(captioned.grouped(named), ("test", "dev"))
    name = place.stem if place.is_file() and place.stem != "captions" else place.absolute().parent.name
    name = place.resolve().name if place.is_dir() else name
    return described.as_set(name or "captions", found, counts={}, place=place, title="", per_image=None)
