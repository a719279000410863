"""Street2Shop, "Where to buy it" (Kiapour et al. 2015): a photograph from the street asks for the same thing in shops.

The set is a list of addresses, many of them dead by now. What is on the disk is used, and how much of the list that is
is told for every category; scores of two disks compare only where these shares are the same.
"""

import json
import logging
import os
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.lists import reading

INNER = "street2shop"
META = "meta/json"
GALLERY = re.compile(r"retrieval_(\w+)\.json")
WHOLE = [0.0, 0.0, 1e6, 1e6]  # a box that holds any image: photographs of shops are not cropped
SOURCE = "its lists photos.tar and meta.zip come from http://www.tamaraberg.com/street2shop"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Photo:
    """A thing in a photograph: ids of the photograph and of the product, and the box of a photograph of a street."""

    photo: int
    product: int
    box: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Category:
    """A category of things: the streets' photographs that train and that ask, and the shops' photographs."""

    name: str
    train: list[Photo]
    test: list[Photo]
    shop: list[Photo]


def load(root: str | Path | None, *, boxes: bool = False) -> ImageSet:
    """The set in the folder ``root``, or in street2shop within it; or one category, from its ``retrieval_<name>.json``.

    Read are ``meta/json/{train_pairs,test_pairs,retrieval}_<category>.json`` and ``photos/photos.txt`` (id,address) or
    ``photos.txt``. A photograph is a file in ``images``, at any depth, that is called by its id, with or without zeros
    before it and whatever its ending. Empty files count as missing.

    Every present test photograph of a street asks for its product among all present photographs of shops, as the
    authors have it; where no photograph of its product is present, it is left out. A street photograph that shows
    several things stands there once for each. Train are the present photographs, of street and shop, of the products
    of the train pairs, where there are two and no query asks for the product. All categories make one gallery; a
    single one is the authors' protocol.

    ``boxes`` crops the streets' photographs to the thing. Raises InputError naming the file.
    """
    folder, names = _place(root)
    listed = _listed(folder)
    present = _present(folder / "images", listed)
    categories = [_category(folder / META, name) for name in names]
    for category in categories:
        _report(category, present)
    log.info("street2shop: %d of %d listed photographs are present", len(present), len(listed))
    return _image_set(categories, present, boxes=boxes).check()


def _place(root: str | Path | None) -> tuple[Path, list[str]]:
    """The set's folder, and the names of its categories: of all, or of the one whose file ``root`` is."""
    one = GALLERY.fullmatch(Path(root).name) if root is not None else None
    if one and root is not None and Path(root).is_file():
        return Path(root).resolve().parent.parent.parent, [one[1]]
    folder = reading.folder(root, META, name="street2shop", inner=INNER, source=SOURCE)
    found = (GALLERY.fullmatch(name) for name in sorted(os.listdir(folder / META)))
    names = [match[1] for match in found if match]
    if not names:
        raise InputError(f"{folder / META} has no retrieval_<category>.json: unpack meta.zip again; {SOURCE}")
    return folder, names


def _listed(folder: Path) -> set[int]:
    """The ids of all photographs that have an address."""
    beside = folder / "photos.txt"
    file = beside if beside.is_file() else folder / "photos" / "photos.txt"
    ids = set()
    for number, line in enumerate(reading.lines(file), start=1):
        key, _, address = line.partition(",")  # an address may have commas of its own
        if not line.strip():
            continue
        if not key.strip().isdecimal() or not address:
            raise InputError(f"{file}, line {number}: expected id,address, found '{line}'")
        ids.add(int(key))
    return ids


def _present(folder: Path, listed: set[int]) -> dict[int, str]:
    """The files of listed photographs by their id."""
    found = {}
    for place, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            key, path = name.partition(".")[0], os.path.join(place, name)
            if key.isdecimal() and int(key) in listed and os.path.isfile(path) and os.path.getsize(path):
                found.setdefault(int(key), path)
    if not found:
        raise InputError(f"{folder} holds no photograph that photos.txt lists: download them there as <id>.jpg")
    return found


def _category(meta: Path, name: str) -> Category:
    train, test = (_photos(meta / f"{part}_pairs_{name}.json", with_box=True) for part in ("train", "test"))
    return Category(name, train, test, _photos(meta / f"retrieval_{name}.json", with_box=False))


def _photos(file: Path, *, with_box: bool) -> list[Photo]:
    """The entries of a list; a photograph and product that stand there with two boxes have the first."""
    try:
        entries = json.loads("".join(reading.lines(file)))
        photos = [_photo(file, number, entry, with_box=with_box) for number, entry in enumerate(entries, start=1)]
    except (ValueError, TypeError, KeyError) as error:
        what = f"no {error}" if isinstance(error, KeyError) else error
        raise InputError(f"{file} is no list of photographs as it should be ({what}): unpack meta.zip again") from None
    return _once(photos)


def _photo(file: Path, number: int, entry: dict[str, Any], *, with_box: bool) -> Photo:
    if not with_box:
        return Photo(int(entry["photo"]), int(entry["product"]))
    corners = [entry["bbox"][side] for side in ("left", "top", "width", "height")]
    return Photo(int(entry["photo"]), int(entry["product"]), tuple(reading.box(f"{file}, entry {number}", corners)))


def _report(category: Category, present: dict[int, str]) -> None:
    shares = []
    for part in ("train", "test", "shop"):
        ids = {photo.photo for photo in getattr(category, part)}
        shares.append(f"{part} {len(ids & present.keys())} of {len(ids)}")
    log.info("street2shop %s: present are %s photographs", category.name, ", ".join(shares))


def _image_set(categories: list[Category], present: dict[int, str], *, boxes: bool) -> ImageSet:
    train, test, shop = (
        _once(photo for category in categories for photo in getattr(category, part) if photo.photo in present)
        for part in ("train", "test", "shop")
    )
    sold, tested = ({photo.product for photo in photos} for photos in (shop, test))
    queries = [photo for photo in test if photo.product in sold]
    if lost := len(test) - len(queries):
        log.warning(
            "street2shop: %d of %d queries left out, their product is in no present photograph", lost, len(test)
        )
    if not queries:
        raise InputError("street2shop: no query and photograph of its product are both present: download more of them")
    learned = _pairs({photo.product for photo in train} - tested, train + shop)
    streets = [photo for photo in train if photo.product in learned]
    rows = streets + queries + shop
    start = len(streets) + len(queries)
    shop_train = [start + row for row, photo in enumerate(shop) if photo.product in learned]
    labels, class_names = reading.classes([str(photo.product) for photo in rows], order=int)
    what = f"all {len(categories)} categories in one gallery" if len(categories) > 1 else categories[0].name
    return ImageSet(
        name=f"street2shop ({what})",
        images=[present[photo.photo] for photo in rows],
        labels=labels,
        class_names=class_names,
        train=np.array([*range(len(streets)), *shop_train], dtype=np.int64),
        query=np.arange(len(streets), start),
        gallery=np.arange(start, len(rows)),
        boxes=np.array([photo.box or WHOLE for photo in rows], dtype=np.float32) if boxes else None,
    )


def _once(photos: Iterable[Photo]) -> list[Photo]:
    """Every photograph of a product once, where it is named twice as it was first."""
    found: dict[tuple[int, int], Photo] = {}
    for photo in photos:
        found.setdefault((photo.photo, photo.product), photo)
    return list(found.values())


def _pairs(products: set[int], photos: list[Photo]) -> set[int]:
    """Those of ``products`` of which there are two photographs or more."""
    counts = Counter(photo.product for photo in photos)
    return {product for product in products if counts[product] > 1}
