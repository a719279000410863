"""Sketches, your own: class folders of sketches, and class folders of the same names of photographs."""

from pathlib import Path

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.lists import pictures
from datasets.lists.sketched import folders

KINDS = {"sketches": ("sketch", "sketches"), "photographs": ("photo", "photos", "photographs")}
HELD = 0.2  # of the images of a class that trains, and of either kind


def load(root: str | Path | None, *, boxes: bool = False) -> ImageSet:
    """The set of the folder ``root``, called as that is: ``sketch/<class>/*`` and ``photo/<class>/*``.

    A fifth of the sketches of each class ask, and all photographs answer; of these a fifth are not trained on either.
    The classes that ``unseen_classes.txt`` names, one a line, do not train, and all their sketches ask. A class with
    photographs alone answers, and trains nothing.
    Raises InputError naming the folder or the class where something is missing.
    """
    if root is None:
        raise InputError("dataset sketches needs a folder with sketch/ and photo/: name it by --data-path")
    if boxes:
        raise InputError(f"{root} has no boxes: class folders cannot tell them; do not ask for crops")
    folder = Path(root).expanduser()
    files = {kind: pictures.class_files(_place(folder, kind, names)) for kind, names in KINDS.items()}
    unseen = folders.unseen_in(folder)
    return folders.image_set(
        folder.resolve().name, folder, files["sketches"], files["photographs"], unseen=unseen, asks=HELD, answers=HELD
    )


def _place(folder: Path, kind: str, names: tuple[str, ...]) -> Path:
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder: name one that holds {names[0]}/")
    for name in names:
        if (folder / name).is_dir():
            return folder / name
    raise InputError(f"{folder} has no {names[0]}/: put the class folders of {kind} there")
