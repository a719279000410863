"""Pictures: the picture files that stand in a place, a folder or an archive, told from whatever else stands there."""

import os
from pathlib import Path

from datasets.errors import InputError
from datasets.files import contents, packed, tree
from datasets.files.tree import PassedOver
from datasets.images.pixels import ENDINGS

_ENDINGS = frozenset(ENDINGS)
# How pictures begin; looked at where a name has no ending to go by.
_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM", b"II*\0", b"MM\0*", b"\0\0\0\x0cjP  ")
_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1")  # of files whose first box is "ftyp"
_LOOKED_AT = 12  # bytes


def under(place: str, passed: PassedOver) -> list[str]:
    """The paths, from ``place`` on, of all picture files in a folder or an archive, in alphabetical order.

    ``passed`` takes what else there is. Raises InputError as ``tree.files`` does.
    """
    return [path for path in tree.files(place, passed) if is_picture(os.path.join(place, path), passed)]


def is_picture(path: str, passed: PassedOver) -> bool:
    """Whether a file is a picture by its ending, or without one by how it begins; ``passed`` takes it where not."""
    name = os.path.basename(path)
    ending = os.path.splitext(name)[1].lower()
    if ending in _ENDINGS or not ending and _begins_as_picture(path):
        return True
    archive = ending in packed.ENDINGS
    passed.add("archives, to be named by a pattern such as *.tar" if archive else "files of other kinds", name)
    return False


def class_files(root: Path) -> dict[str, list[str]]:
    """The picture files of every class folder of a published set under ``root``, both in alphabetical order.

    Raises InputError where there is no such folder, or one without a picture.
    """
    folders = sorted(entry for entry in root.iterdir() if entry.is_dir() and not tree.is_system(entry.name))
    if not folders:
        raise InputError(f"{root} has no class folders: put the images of every class into a folder of its own")
    files = {folder.name: [str(folder / path) for path in under(str(folder), PassedOver()) if "/" not in path]
             for folder in folders}  # fmt: skip
    for folder in folders:
        if not files[folder.name]:
            raise InputError(f"class folder {folder} has no images: add some or remove it")
    return files


def _begins_as_picture(path: str) -> bool:
    try:
        start = contents.first(path, _LOOKED_AT)
    except contents.Unopened:
        return False
    if start[:4] == b"RIFF":
        return start[8:12] == b"WEBP"
    return start.startswith(_STARTS) or (start[4:8] == b"ftyp" and start[8:12] in _BRANDS)
