"""Uploads: pictures that were sent to be asked with, kept for some days, re-encoded, under a hash of what was sent."""

import hashlib
import logging
import os
import re
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
from django.conf import settings
from django.utils.translation import gettext as _

from datasets.errors import InputError
from datasets.files.whole import own_beside
from datasets.images import pixels
from embedding.batches import decode
from web.safety.refusals import Refused

log = logging.getLogger(__name__)

SIDE = 2048  # longest side that is kept, in pixels
_QUALITY = 95  # of a JPEG, of 100: what a network makes of it is the same to 0.999
_NAME = re.compile(r"[0-9a-f]{32}")
_TIDY = 600  # seconds between two looks for what has expired


def keep(data: bytes, name: str) -> str:
    """Keep a picture; its hash, by which it is asked with and found again.

    name : what an error calls it
    Raises Unreadable where it is no picture, or one of more pixels than are allowed; Refused where no disk takes it.
    """
    kept = hashlib.sha256(data).hexdigest()[:32]
    path = _folder() / f"{kept}.jpg"
    with suppress(FileNotFoundError):  # another request may just have tidied it away
        os.utime(path)
        return kept
    picture = decode.fit(pixels.decode(data, name, at_least=SIDE), SIDE, resize=decode.OWN)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with own_beside(path) as part:
            part.write_bytes(_jpeg(picture))
        tidy()
    except OSError as error:
        log.error("%s: cannot be written (%s)", path.parent, error.strerror)
        raise Refused(_("the picture cannot be kept: the server's disk is full, or not its own"), 507) from None
    return kept


def data(kept: str) -> bytes:
    """The JPEG file of a picture that was kept; raises InputError where it is not there, or not any more."""
    if not _NAME.fullmatch(kept):
        raise InputError(f"{kept[:40]}: is no picture that was sent")
    path = _folder() / f"{kept}.jpg"
    try:
        found = path.read_bytes()
        os.utime(path)  # what is still asked with stays
    except OSError:
        raise InputError("the picture that was sent is not kept any more; send it again") from None
    return found


def tidy(*, now: float | None = None) -> None:
    """Remove what nobody has asked with for settings.UPLOADS_DAYS, and the oldest beyond settings.UPLOADS_MB."""
    now = time.time() if now is None else now
    mark = _folder() / "tidied"
    if mark.exists() and 0 <= now - mark.stat().st_mtime < _TIDY:
        return
    mark.touch()
    os.utime(mark, (now, now))
    left = settings.UPLOADS_MB * 10**6
    for used, size, path in sorted(_files(), reverse=True):
        left -= size
        if left < 0 or now - used > settings.UPLOADS_DAYS * 86400:
            path.unlink(missing_ok=True)


def _files() -> Iterable[tuple[float, int, Path]]:
    """When each was asked with last, its bytes and its place; parts that a kill has left among them."""
    for path in _folder().glob("*.*"):
        with suppress(FileNotFoundError):
            about = path.stat()
            yield about.st_mtime, about.st_size, path


def _folder() -> Path:
    return settings.DATA / "uploads"


def _jpeg(picture: np.ndarray) -> bytes:
    how = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    return cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), how)[1].tobytes()
