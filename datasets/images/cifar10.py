"""CIFAR-10, 60,000 photographs of 32 x 32 in 10 classes (Krizhevsky 2009), dealt out as hashing papers deal it.

All images, official training and test images alike, are pooled and dealt at random within each class. Three
conventions are published, here by the numbers that DeepHash-pytorch gives them; each has other scores, so that the
set's name says which one it is (``cifar10-1``). Queries are in neither train nor gallery.

====  ===============  ===============  =============================================
      query            train            gallery
====  ===============  ===============  =============================================
0     100 a class      500 a class      the rest, 54,000: no image is in two parts
1     100 a class      500 a class      all but the queries, 59,000, train among them
2     1,000 a class    5,000 a class    the training images, 50,000
====  ===============  ===============  =============================================

Nobody published which images were drawn. Ours are drawn with a fixed seed, and are the same on every machine.
"""

from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.files import archive
from datasets.images.base import ImageSet
from datasets.lists import pictures, reading

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
MD5 = "c32a1d4ab5d03f1284b67883e8d87530"
IMAGES = 60_000
COUNTS = {"all": (IMAGES, 10)}
BATCHES = (*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin")
NAMES = "batches.meta.txt"
SIDE = 32  # pixels
RECORD = 1 + 3 * SIDE * SIDE  # bytes of an image: its label, then its red, green and blue pixels
SPLITS = ("0", "1", "2")
DEFAULT = "1"
DEAL = {"0": (100, 500), "1": (100, 500), "2": (1_000, 5_000)}  # queries and training images a class
SEED = 0


def load(root: str | Path | None, *, boxes: bool = False, split: str = "") -> ImageSet:
    """The set in the folder ``root``, or in the folder cifar-10-batches-bin within it; else downloaded, 170 MB.

    Read are the binary files of the official set, as one array, or class folders in ``train`` and ``test``, as paths.
    ``split`` is one of ``SPLITS``, 1 where it is empty. Class folders may hold a part of the set, as long as it is
    enough to deal: its name then says how many images it has. Raises InputError naming the folder, the file or --split.
    """
    split = split or DEFAULT
    if split not in SPLITS:
        raise InputError(f"--split={split}: cifar10 has the splits {', '.join(SPLITS)}")
    if boxes:
        raise InputError("dataset cifar10 has no boxes: do not ask for crops to boxes")
    folder = reading.folder(root, BATCHES[0], "train", name="cifar10", inner="cifar-10-batches-bin", fetch=_fetch)
    packed = (folder / BATCHES[0]).exists()
    images, labels, class_names = _from_batches(folder) if packed else _from_folders(folder)
    whole = len(labels) == IMAGES
    image_set = ImageSet(
        name=f"cifar10-{split}" if whole else f"cifar10-{split}-of-{len(labels)}",
        images=images,
        labels=labels,
        class_names=class_names,
        size=SIDE,
        **_dealt(folder, labels, class_names, split),
    )
    if packed:
        reading.check_counts(image_set, COUNTS, place=folder, title="CIFAR-10")
    return image_set.check()


def _fetch(folder: Path) -> Path:
    return archive.unpacked(URL, folder, md5=MD5)


def _from_batches(folder: Path) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Images (N, 32, 32, 3), labels (N,) and names of the binary files."""
    class_names = tuple(name for name in map(str.strip, reading.lines(folder / NAMES)) if name)
    batches = [_records(folder / name, len(class_names)) for name in BATCHES]
    labels = np.concatenate([records[:, 0] for records in batches]).astype(np.int64)
    images = np.empty((len(labels), SIDE, SIDE, 3), dtype=np.uint8)
    start = 0
    for records in batches:  # into place one by one: a copy of all records would take another 180 MB
        planes = records[:, 1:].reshape(-1, 3, SIDE, SIDE)
        images[start : start + len(planes)] = planes.transpose(0, 2, 3, 1)
        start += len(planes)
    return images, labels, class_names


def _records(file: Path, classes: int) -> np.ndarray:
    """(N, 3073) uint8, a row an image."""
    try:
        values = np.fromfile(file, dtype=np.uint8)
    except FileNotFoundError:
        raise InputError(f"{file} is missing: unpack cifar-10-binary.tar.gz again") from None
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
    if not len(values) or len(values) % RECORD:
        raise InputError(f"{file}: has {len(values):,} bytes, not {RECORD:,} an image: unpack it again")
    records = values.reshape(-1, RECORD)
    if records[:, 0].max() >= classes:
        row = int(records[:, 0].argmax())
        raise InputError(f"{file}: image {row} is of class {records[row, 0]}, where {NAMES} names {classes}")
    return records


def _from_folders(root: Path) -> tuple[list[str], np.ndarray, tuple[str, ...]]:
    """Paths, labels (N,) and names of the class folders in ``train`` and ``test``."""
    for part in ("train", "test"):
        if not (root / part).is_dir():
            raise InputError(f"folder {root / part} is missing: its class folders are a part of the set")
    rows = [
        (path, name)
        for part in ("train", "test")
        for name, paths in pictures.class_files(root / part).items()
        for path in paths
    ]
    labels, class_names = reading.classes([name for _, name in rows])
    return [path for path, _ in rows], labels, class_names


def _dealt(folder: Path, labels: np.ndarray, class_names: tuple[str, ...], split: str) -> dict[str, np.ndarray]:
    """The rows of each part, every class shuffled by itself."""
    queries, training = DEAL[split]
    ends = (queries, queries + training)
    needed = ends[1] + (split == "0")  # where the training images are not in the gallery, another one must be
    hands: list[list[np.ndarray]] = []
    for label, name in enumerate(class_names):
        rows = np.flatnonzero(labels == label)
        if len(rows) < needed:
            raise InputError(
                f"{folder}: class '{name}' has {len(rows):,} images, and --split={split} of cifar10 deals {queries:,}"
                f" queries and {training:,} training images a class: take the whole set, or lists (--data=labelled)"
            )
        # The stream of numbers of RandomState, unlike that of newer generators, never changes with the version.
        hands.append(np.split(np.random.RandomState((SEED, label)).permutation(rows), ends))
    query, train, rest = (np.sort(np.concatenate(part)) for part in zip(*hands, strict=True))
    gallery = {"0": rest, "1": np.sort(np.concatenate([train, rest])), "2": train}[split]
    return {"train": train, "query": query, "gallery": gallery}
