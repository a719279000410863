"""Sketchy, sketches and photographs of 125 classes (Sangkloy, Burnell, Ham, Hays, SIGGRAPH 2016), as extended for
retrieval (Liu, Shen, Shen, Liu, Shao, CVPR 2017): 75,471 sketches, 12,500 photographs that were drawn and 60,502 more.
"""

from pathlib import Path

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.lists import pictures, reading
from datasets.lists.sketched import folders

FOLDERS = {
    "sketch": "256x256/sketch/tx_000000000000",
    "photo": "256x256/photo/tx_000000000000",
    "extended": "EXTEND_image_sketchy",
}
COUNTS = {"sketch": (75_471, 125), "photo": (12_500, 125), "extended": (60_502, 125)}
SPLITS = ("unseen", "seen")
ASKS = 50  # sketches of each class that ask (Deep Sketch Hashing)
SOURCE = "it comes from https://sketchy.eye.gatech.edu, the extension from the authors of Deep Sketch Hashing"

# Of 125 those that ImageNet's 1,000 classes do not have (Yelamarthi, Reddy, Mishra, Mittal, ECCV 2018).
UNSEEN = (
    *("bat", "cabin", "cow", "dolphin", "door", "giraffe", "helicopter", "mouse", "pear", "raccoon", "rhinoceros"),
    *("saw", "scissors", "seagull", "skyscraper", "songbird", "sword", "tree", "wheelchair", "windmill", "window"),
)


def load(root: str | Path | None, *, boxes: bool = False, split: str = "") -> ImageSet:
    """The set in the folder ``root``, or in the folder sketchy within it.

    Read are the class folders of ``256x256/sketch/tx_000000000000`` and ``256x256/photo/tx_000000000000``, and of
    ``EXTEND_image_sketchy``, there or in ``256x256``; without the last the set's name says "12,500 photographs".
    split : unseen (the usual one) trains on 104 classes or on those that ``unseen_classes.txt`` or a list
        ``zeroshot*/*_filelist_zero.txt`` leave; seen trains on all 125, as in the paper. In both 50 sketches of each
        class that trains ask, and all photographs answer, those that were trained on too
    Raises InputError naming a folder that is missing, or has not the set's count of images.
    """
    if boxes:
        raise InputError("dataset sketchy has no boxes: do not ask for crops to boxes")
    if split and split not in SPLITS:
        raise InputError(f"--split={split}: dataset sketchy has the splits {', '.join(SPLITS)}")
    folder = reading.folder(root, FOLDERS["sketch"], name="sketchy", inner="Sketchy", source=SOURCE)
    places = {kind: folder / inner for kind, inner in FOLDERS.items()}
    if not places["extended"].is_dir():
        places["extended"] = folder / "256x256" / FOLDERS["extended"]
    extended = places["extended"].is_dir()
    files = {kind: _files(places[kind], kind) for kind in list(FOLDERS)[: 2 + extended]}
    photographs = {name: [*paths, *files.get("extended", {}).get(name, ())] for name, paths in files["photo"].items()}
    unseen = folders.unseen_in(folder, "zeroshot*/sketch*_filelist_zero.txt") or UNSEEN
    name = ("sketchy" if extended else "sketchy, 12,500 photographs") + " (all seen)" * (split == "seen")
    seen = () if split == "seen" else unseen
    return folders.image_set(name, folder, files["sketch"], photographs, unseen=seen, asks=ASKS, answers=0)


def _files(place: Path, kind: str) -> dict[str, list[str]]:
    if not place.is_dir():
        raise InputError(f"folder {place} is missing: unpack Sketchy again")
    files = pictures.class_files(place)
    folders.check_count(place, files, COUNTS.get(kind), title="Sketchy")
    return files
