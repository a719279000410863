"""Flickr8k, 8,091 photographs with five captions each (Hodosh, Young, Hockenmaier 2013), 8,000 of them in its split."""

from pathlib import Path

from datasets.captions.base import CaptionSet
from datasets.errors import InputError
from datasets.lists import described, karpathy, reading
from datasets.lists.described import Described

COUNTS = {"train": 6_000, "dev": 1_000, "test": 1_000}
TOKENS = "Flickr8k.token.txt"
LISTS = {
    "train": "Flickr_8k.trainImages.txt",
    "dev": "Flickr_8k.devImages.txt",
    "test": "Flickr_8k.testImages.txt",
}
JSON = "dataset_flickr8k.json"
TEXT = "Flickr8k_text"
IMAGES = ("Flicker8k_Dataset", "Flickr8k_Dataset", "images", "Images")
STRAY = "2258277193_586949ec62.jpg.1"  # the release has captions of it, but no such image
LINE = "name.jpg#0<TAB>caption"


def load(root: str | Path | None) -> CaptionSet:
    """The set in the folder ``root``, or in ``root/flickr8k`` or ``root/f8k``.

    Read are its own text files, in ``Flickr8k_text`` or beside it; where they are not there, Karpathy's
    ``dataset_flickr8k.json``, which has the same split. With the text files come 91 photographs of no part. Raises
    InputError naming file and line, an image that is missing, or counts that are not those of the set.
    """
    markers = (f"{TEXT}/{TOKENS}", TOKENS, JSON)
    folder = reading.folder(root, *markers, name="flickr8k", inner="f8k", source=karpathy.SOURCE)
    images = described.folder_of(folder, IMAGES)
    texts = next((place for place in (folder / TEXT, folder) if (place / TOKENS).exists()), None)
    found = _from_texts(texts, images) if texts else karpathy.read(folder / JSON, images)
    return described.as_set("flickr8k", found, counts=COUNTS, place=folder, title="Flickr8k")


def _from_texts(texts: Path, images: Path) -> list[Described]:
    """The images in the order of the caption file."""
    captions, first = _captions(texts / TOKENS)
    part_of: dict[str, str] = {}
    for part, name in LISTS.items():
        for where, image in _listed(texts / name):
            if image in part_of:
                raise InputError(f"{where}: image {image} is listed already, in {LISTS[part_of[image]]}")
            if image not in captions:
                raise InputError(f"{where}: image {image} has no captions in {TOKENS}")
            part_of[image] = part
    return [
        Described(str(images / image), list(of_image.values()), part_of.get(image, ""), first[image])
        for image, of_image in captions.items()
    ]


def _captions(file: Path) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """The captions of every image by their numbers, and where its first one stands."""
    captions: dict[str, dict[str, str]] = {}
    first: dict[str, str] = {}
    for number, line in enumerate(described.lines(file), start=1):
        where = f"{file}, line {number}"
        if not line.strip():
            raise InputError(f"{where}: is empty, where {LINE} is expected; remove it")
        label, tab, caption = line.partition("\t")
        image, _, place = label.rpartition("#")
        if not (tab and image and place.isdecimal()):
            raise InputError(f"{where}: expected {LINE}, found '{line}'")
        if not caption.strip():
            raise InputError(f"{where}: the caption of {image} is empty; write one")
        if image == STRAY:
            continue
        first.setdefault(image, where)
        if captions.setdefault(image, {}).setdefault(place, caption) is not caption:
            raise InputError(f"{where}: caption #{place} of {image} is there already; remove one of them")
    if not captions:
        raise InputError(f"{file} is empty: unpack the data set again")
    return captions, first


def _listed(file: Path) -> list[tuple[str, str]]:
    """The names in a list of images, each with where it stands."""
    rows = enumerate(described.lines(file), start=1)
    return [(f"{file}, line {number}", line.strip()) for number, line in rows if line.strip()]
