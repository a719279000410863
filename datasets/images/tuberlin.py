"""TU-Berlin, 20,000 sketches of 250 classes (Eitz, Hays, Alexa, SIGGRAPH 2012), and 204,489 photographs by which it was
extended for retrieval (Zhang, Liu, Zhang, Ren, Wang, Cao, 2016; Liu, Shen, Shen, Liu, Shao, CVPR 2017).
"""

from pathlib import Path

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.lists import pictures, reading
from datasets.lists.sketched import folders

FOLDERS = {"sketch": "png", "photo": "ImageResized"}
COUNTS = {"sketch": (20_000, 250), "photo": (204_489, 250)}
SPLITS = ("seen", "unseen")
ASKS = 10  # sketches of each class that ask (Deep Sketch Hashing)
LISTS = ("zeroshot*/png*_filelist_zero.txt",)
SOURCE = "sketches come from https://cybertron.cg.tu-berlin.de/eitz/projects/classifysketch"


def load(root: str | Path | None, *, boxes: bool = False, split: str = "") -> ImageSet:
    """The set in the folder ``root``, or in the folder tuberlin within it.

    Read are ``png/<class>/<number>.png`` and the photographs ``ImageResized/<class>/*``.
    split : seen (the usual one) trains on all 250 classes, as in the paper; unseen on those that
        ``unseen_classes.txt`` or a list ``zeroshot*/png*_filelist_zero.txt`` leave. In both 10 sketches of each class
        that trains ask, and all photographs answer, those that were trained on too
    Raises InputError naming a folder that is missing, or has not the set's count of images, or where no list tells the
    unseen classes: none is published with the set.
    """
    if boxes:
        raise InputError("dataset tuberlin has no boxes: do not ask for crops to boxes")
    if split and split not in SPLITS:
        raise InputError(f"--split={split}: dataset tuberlin has the splits {', '.join(SPLITS)}")
    folder = reading.folder(root, FOLDERS["sketch"], name="tuberlin", inner="TUBerlin", source=SOURCE)
    files = {kind: _files(folder / inner, kind) for kind, inner in FOLDERS.items()}
    unseen = folders.unseen_in(folder, *LISTS) if split == "unseen" else ()
    if split == "unseen" and not unseen:
        wanted = f"{folder / folders.UNSEEN} is missing, and so is {folder / LISTS[0]}"
        raise InputError(f"--split=unseen: {wanted}; name the unseen classes there, one a line")
    name = "tuberlin" + " (unseen)" * (split == "unseen")
    return folders.image_set(name, folder, files["sketch"], files["photo"], unseen=unseen, asks=ASKS, answers=0)


def _files(place: Path, kind: str) -> dict[str, list[str]]:
    if not place.is_dir():
        raise InputError(f"folder {place} is missing: unpack TU-Berlin, with its photographs, again")
    files = pictures.class_files(place)
    folders.check_count(place, files, COUNTS.get(kind), title="TU-Berlin")
    return files
