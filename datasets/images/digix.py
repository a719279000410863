"""DIGIX 2020, photographs of digital devices from Huawei's challenge of image retrieval.

Its own queries and gallery have no public labels, so that nobody can be scored on them. Scored here are training
classes that are held out: in the order of their numbers the first half trains and the second half tests, leave-one-out,
which the set's name says. Counts are those of the disk: none is published that could be checked.
"""

from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet, split_by_class
from datasets.lists import reading


def load(root: str | Path | None, *, boxes: bool = False) -> ImageSet:
    """The set in the folder ``root``, or in the folder train_data within it.

    Read is ``label.txt`` with its lines "path,class number"; paths start in the same folder. Classes with one image,
    which make no pair, are left out. There are no boxes. Raises InputError naming file and line, or an image that is
    missing.
    """
    source = "it comes from https://www.kaggle.com/datasets/varenyambakshi/digixai-image-retrieval"
    folder = reading.folder(root, "label.txt", name="digix", inner="train_data", source=source)
    if boxes:
        raise InputError("dataset digix has no boxes: do not ask for crops to boxes")
    file = folder / "label.txt"
    rows = [
        (path, reading.class_number(where, number))
        for where, (path, number) in reading.cells(file, "path number", cut=",")
    ]
    numbers, inverse, counts = np.unique([number for _, number in rows], return_inverse=True, return_counts=True)
    rows = [row for row, of_class in zip(rows, inverse, strict=True) if counts[of_class] > 1]
    labels, class_names = reading.classes([str(number) for _, number in rows], order=int)
    if len(class_names) < 2:
        raise InputError(f"{file}: of {len(numbers)} classes {len(class_names)} have two images or more, it takes two")
    reading.check_present(paths := [str(folder / path) for path, _ in rows])
    return ImageSet(
        name="digix (first, second half of the training classes)",
        images=paths,
        labels=labels,
        class_names=class_names,
        **split_by_class(labels, np.arange(len(class_names) // 2)),
    ).check()
