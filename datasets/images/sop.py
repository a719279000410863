"""Stanford Online Products, photographs of 22,634 things on sale (Song et al. 2016): the list says the split."""

from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.files import archive
from datasets.images.base import ImageSet
from datasets.lists import reading

COUNTS = {"train": (59_551, 11_318), "query": (60_502, 11_316)}
COLUMNS = "image_id class_id super_class_id path"
URL = "ftp://ftp.cs.stanford.edu/cs/cvgl/Stanford_Online_Products.zip"
MD5 = "7f73d41a2f44250d4779881525aea32e"
PARTS = ("Ebay_train.txt", "Ebay_test.txt")


def load(root: str | Path | None, *, boxes: bool = False) -> ImageSet:
    """The set in the folder ``root``, or in Stanford_Online_Products within it; else downloaded into it, 3 GB.

    Read are ``Ebay_train.txt`` and ``Ebay_test.txt``; the products of the first train, those of the second ask each
    other (leave-one-out). The twelve super classes are not used. There are no boxes. Raises InputError naming file
    and line, an image that is missing, or counts that are not those of the set.
    """
    if boxes:
        raise InputError("dataset sop has no boxes: do not ask for crops to boxes")
    folder = reading.folder(root, *PARTS, name="sop", inner="Stanford_Online_Products", fetch=_fetch)
    train, test = (_products(folder / part) for part in PARTS)
    both = {number for number, _ in train} & {number for number, _ in test}
    if both:
        raise InputError(f"{folder}: class {min(both)} stands in {PARTS[0]} and in {PARTS[1]}: unpack the set again")
    rows = train + test
    labels, class_names = reading.classes([str(number) for number, _ in rows], order=int)
    image_set = ImageSet(
        name="sop",
        images=[str(folder / path) for _, path in rows],
        labels=labels,
        class_names=class_names,
        train=np.arange(len(train)),
        query=np.arange(len(train), len(rows)),
        gallery=np.arange(len(train), len(rows)),
    )
    reading.check_counts(image_set, COUNTS, place=folder, title="Stanford Online Products")
    reading.check_present(image_set.images)
    return image_set.check()


def _fetch(folder: Path) -> Path:
    return archive.unpacked(URL, folder, md5=MD5)


def _products(file: Path) -> list[tuple[int, str]]:
    """The number of the class and the path of every image of a list."""
    return [(reading.class_number(where, row[1]), row[3]) for where, row in reading.cells(file, COLUMNS, skip=1)]
