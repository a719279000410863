"""Stanford Dogs, 20,580 photographs of 120 breeds (Khosla et al. 2011).

There is no standard split for retrieval. This one is that of the other sets of animals: in the order of their WordNet
numbers the first 60 breeds train and the last 60 test, which the set's name says. The set's own lists split within the
breeds, for classification, and are not used.
"""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from datasets.errors import InputError
from datasets.files import archive
from datasets.images.base import ImageSet, split_by_class
from datasets.lists import reading

COUNTS = {"all": (20_580, 120)}
CORNERS = ("xmin", "ymin", "xmax", "ymax")
HOME = "http://vision.stanford.edu/aditya86/ImageNetDogs"


def load(root: str | Path | None, *, boxes: bool = False) -> ImageSet:
    """The set in the folder ``root``, or in the folder stanford_dogs within it; else its images are downloaded, 0.8 GB.

    Read are ``Images/<breed>/*.jpg`` and, for ``boxes``, ``Annotation/<breed>/*``: the box around all dogs that are
    marked in an image. Raises InputError naming a folder or file that is missing or cannot be read, or counts that
    are not those of the set.
    """
    folder = reading.folder(root, "Images", "Annotation", name="stanford_dogs", inner="stanford_dogs", fetch=_fetch)
    paths = _paths(folder / "Images")
    if (folder / "Annotation").is_dir():
        marked = [path.relative_to(folder / "Annotation") for path in sorted((folder / "Annotation").glob("n*/n*"))]
        reading.check_present([str(folder / "Images" / path) + ".jpg" for path in marked])
    labels, class_names = reading.classes([path.parent.name for path in paths])
    image_set = ImageSet(
        name="stanford_dogs (first 60, last 60 breeds)",
        images=[str(path) for path in paths],
        labels=labels,
        class_names=class_names,
        boxes=_boxes(folder / "Annotation", paths) if boxes else None,
        **split_by_class(labels, np.arange(len(class_names) // 2)),
    )
    reading.check_counts(image_set, COUNTS, place=folder, title="Stanford Dogs")
    return image_set.check()


def _fetch(folder: Path) -> Path:
    return archive.unpacked(f"{HOME}/images.tar", folder)


def _paths(folder: Path) -> list[Path]:
    """The images of every breed, both in alphabetical order."""
    if not folder.is_dir():
        raise InputError(f"{folder} is missing: unpack {HOME}/images.tar there")
    paths = []
    for breed in sorted(folder.glob("n*-*")):
        images = sorted(breed.glob("*.jpg"))
        if not images:
            raise InputError(f"{breed} has no images: the set is half unpacked, unpack images.tar again")
        paths += images
    return paths


def _boxes(folder: Path, paths: list[Path]) -> np.ndarray:
    """(N, 4) float32 of x, y, width, height in the order of ``paths``."""
    if not folder.is_dir():
        raise InputError(f"{folder} is missing, there the boxes stand: unpack {HOME}/annotation.tar")
    return np.array([_box(folder / path.parent.name / path.stem) for path in paths], dtype=np.float32).reshape(-1, 4)


def _box(file: Path) -> list[float]:
    """The smallest box around all dogs of an image."""
    try:
        found = ElementTree.parse(file).getroot().findall("object/bndbox")
        dogs = np.array([[float(dog.findtext(corner, "")) for corner in CORNERS] for dog in found])
    except FileNotFoundError:
        raise InputError(f"{file} is missing: the set is half unpacked, unpack annotation.tar again") from None
    except (OSError, ElementTree.ParseError, ValueError) as error:
        raise InputError(f"{file} cannot be read: {error}") from None
    if not len(dogs):
        raise InputError(f"{file} marks no dog: unpack annotation.tar again")
    return reading.box(str(file), [*dogs[:, :2].min(axis=0), *dogs[:, 2:].max(axis=0)], corners=True)
