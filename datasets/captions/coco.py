"""COCO captions (Chen et al. 2015), in Karpathy's split of the images of 2014, or as COCO 2017 has them.

Some three hundred images have six or seven captions: their first five are taken, as the field does.
"""

from dataclasses import replace
from pathlib import Path

from datasets.captions.base import CaptionSet
from datasets.errors import InputError
from datasets.lists import described, karpathy, reading
from datasets.lists.described import Described

COUNTS = {"train": 82_783, "dev": 5_000, "test": 5_000}
RESTVAL = 30_504  # images more to train on
JSON = "dataset_coco.json"
OFFICIAL = {"train": "captions_train2017.json", "test": "captions_val2017.json"}
OFFICIAL_IMAGES = 123_287
DEV = 5_000  # images of train2017 to choose the model by, but not more than one in ten


def load(root: str | Path | None, *, restval: bool = False) -> CaptionSet:
    """The set in the folder ``root``, or in ``root/coco``.

    Read is Karpathy's ``dataset_coco.json``, here or in ``annotations``, with the images in ``train2014`` and
    ``val2014``, here or in ``images``. ``restval`` trains on the 30,504 images of val2014 that are in neither dev nor
    test besides, 113,287 in all; they are left out otherwise. The set's name says it.

    Where that file is not there, ``annotations/captions_{train,val}2017.json`` are read, with ``train2017`` and
    ``val2017``: val2017 tests, and of train2017 the 5,000 images with the highest ids (a tenth where there are fewer
    than 50,000) are dev. A set of other size than the published one has its size in its name.

    Raises InputError naming the file and the place in it, an image that is missing, or counts that are not those of
    the set; and where ``restval`` is asked for of COCO 2017, which has none.
    """
    markers = (JSON, f"annotations/{JSON}", *(f"annotations/{name}" for name in OFFICIAL.values()))
    folder = reading.folder(root, *markers, name="coco", inner="coco", source=karpathy.SOURCE)
    file = next((place for place in (folder / JSON, folder / "annotations" / JSON) if place.exists()), None)
    if file is None:
        return _official(folder, restval=restval)
    found = karpathy.read(file, _images(folder, "val2014"), restval=restval)
    counts = COUNTS | ({"train": COUNTS["train"] + RESTVAL} if restval and COUNTS else {})
    name = "coco (restval)" if restval else "coco"
    title = f"Karpathy's split of COCO{' with restval' if restval else ''}"
    return described.as_set(name, found, counts=counts, place=folder, title=title)


def _images(folder: Path, inner: str) -> Path:
    """The folder in which the folder ``inner`` of images is."""
    return described.folder_of(folder, (inner, f"images/{inner}")).parent


def _official(folder: Path, *, restval: bool) -> CaptionSet:
    if restval:
        raise InputError(f"{folder} has no {JSON}, and COCO 2017 has no restval: leave it out, or fetch that file")
    train, test = (_described(folder, name) for name in OFFICIAL.values())
    cut = len(train) - min(DEV, len(train) // 10)
    parts = {"train": train[:cut], "dev": train[cut:], "test": test}
    found = [replace(image, part=part) for part, images in parts.items() for image in images]
    name = "coco2017" if len(found) == OFFICIAL_IMAGES else f"coco2017 (of {len(found):,} images)"
    return described.as_set(name, found, counts={}, place=folder, title="COCO 2017")


def _described(folder: Path, name: str) -> list[Described]:
    """The images of one of COCO's own annotation files by ascending id, of no part yet."""
    file = folder / "annotations" / name
    inner = name.removeprefix("captions_").removesuffix(".json")
    place = _images(folder, inner) / inner
    content = karpathy.parsed(file)
    captions = _captions(content, file)
    found: dict[int, Described] = {}
    for number, entry in enumerate(karpathy.field(content, "images", list, str(file))):
        where = f"{file}, images[{number}]"
        image = karpathy.field(entry, "id", int, where)
        path = place / karpathy.field(entry, "file_name", str, where)
        if image in found:
            raise InputError(f"{where}: image {image} is described already; fetch the file again")
        found[image] = Described(str(path), captions.pop(image, []), "", where)
    if captions:
        raise InputError(f"{file}: has captions of image {min(captions)}, which is none of its images; fetch it again")
    return [found[image] for image in sorted(found)]


def _captions(content: object, file: Path) -> dict[int, list[str]]:
    """The captions of every image by its id, in the order of the file."""
    captions: dict[int, list[str]] = {}
    for number, entry in enumerate(karpathy.field(content, "annotations", list, str(file))):
        where = f"{file}, annotations[{number}]"
        image = karpathy.field(entry, "image_id", int, where)
        captions.setdefault(image, []).append(karpathy.field(entry, "caption", str, where))
    return captions
