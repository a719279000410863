"""Shown: pictures of a gallery as JPEGs of ours, small ones kept on disk; a grey tile for what cannot be had."""

import functools
import hashlib
import os
import threading
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from datasets.images import pixels
from datasets.images.pixels import Unreadable
from web.galleries.known import Known
from web.galleries.models import Gallery
from web.galleries.scanning import looking
from web.galleries.sources import base, opened

SMALL, LARGE = 256, 1600  # pixels of the longest side
_QUALITY = {SMALL: 82, LARGE: 90}  # of a JPEG, of 100
GREY = '"grey"'  # the tag of the grey tile
_GREY = 208
_A_FOLDER = 1000  # small pictures that stand in one


@dataclass(frozen=True)
class Shown:
    """A picture to be sent.

    tag : changes when its file does, in quotes, as HTTP wants it
    """

    jpeg: bytes
    tag: str


def show(gallery: Gallery, picture: Known, side: int, *, has: str = "") -> Shown:
    """It upright, as it is on disk now, at most ``side`` pixels long; no JPEG for who ``has`` that of its tag."""
    source = opened.finder(gallery.source)
    state = looking.state(source, picture.path)
    if not any(state):
        return Shown(b"", GREY) if has == GREY else _grey(side)
    tag = _tag(gallery, picture, state, side)
    if has == tag:
        return Shown(b"", tag)
    place = _place(gallery, picture, tag)
    with suppress(OSError):
        if side == SMALL:
            return Shown(place.read_bytes(), tag)
    try:
        jpeg = encoded(pixels.decode(base.read(source, picture.path), picture.path, at_least=(side, side)), side)
    except Unreadable:
        return _grey(side)
    if side == SMALL:
        _keep(place, picture, jpeg)
    return Shown(jpeg, tag)


def encoded(image: np.ndarray, side: int) -> bytes:
    """The JPEG of (H, W, 3) uint8 RGB, shrunk to ``side`` pixels along its longest side; nothing but its pixels."""
    height, width = image.shape[:2]
    scale = side / max(height, width)
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    done, jpeg = cv2.imencode(".jpg", image[:, :, ::-1], (cv2.IMWRITE_JPEG_QUALITY, _QUALITY[side]))
    assert done
    return jpeg.tobytes()


@functools.cache
def _grey(side: int) -> Shown:
    tile = np.full((SMALL, SMALL, 3), _GREY, np.uint8)
    return Shown(encoded(tile, side), GREY)


def _tag(gallery: Gallery, picture: Known, state: tuple[int, int], side: int) -> str:
    told = f"{gallery.source}\0{picture.path}\0{state}\0{side}"
    return f'"{hashlib.sha256(told.encode()).hexdigest()[:20]}"'


def _place(gallery: Gallery, picture: Known, tag: str) -> Path:
    folder = gallery.folder / "small" / str(picture.pk // _A_FOLDER)
    return folder / f"{picture.pk}-{tag.strip(chr(34))}.jpg"


def forget(gallery: Gallery, numbers: Collection[int]) -> None:
    """Delete the small pictures that are kept of those; of what comes back they are made anew."""
    folders: dict[int, set[str]] = {}
    for number in numbers:
        folders.setdefault(number // _A_FOLDER, set()).add(str(number))
    for name, those in folders.items():
        for file in (gallery.folder / "small" / str(name)).glob("*-*.jpg"):
            if file.name.partition("-")[0] in those:
                file.unlink(missing_ok=True)


def _keep(place: Path, picture: Known, jpeg: bytes) -> None:
    """Keep a small picture in place of an older one; on a full disk it is made anew each time."""
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        for old in place.parent.glob(f"{picture.pk}-*.jpg"):
            old.unlink(missing_ok=True)
        part = place.with_name(f"{place.name}.{os.getpid()}-{threading.get_ident()}.part")
        part.write_bytes(jpeg)
        part.replace(place)
