"""Header: how large a picture is as one sees it, and when it was taken, without decoding it."""

import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from PIL import ExifTags, Image

from datasets.decoding import jpeg, orientation

_DATE = re.compile(r"(\d{4}):(\d\d):(\d\d)[ T](\d\d):(\d\d):(\d\d)")
_MANY = re.compile(r"\((\d+) pixels\)")
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")
_Tag = ExifTags.Base


@dataclass(frozen=True)
class Header:
    """Width and height in pixels, upright, 0 where unknown; when it was taken, by its EXIF, or None.

    A camera that tells no time zone is taken to have been in UTC, so that its clock is shown as it stood.
    """

    width: int = 0
    height: int = 0
    taken: datetime | None = None


def read(data: bytes) -> Header:
    """What the beginning of a picture's file says; an empty header where that cannot be read."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            width, height = image.size
            turned = orientation.lies(orientation.of(image))
            return Header(*((height, width) if turned else (width, height)), _taken(image))
    except Exception:  # the bytes of a damaged file make a decoder raise anything
        return Header()


def size(data: bytes) -> tuple[int, int]:
    """Width and height as they are stored, (0, 0) where they cannot be read; no pixel is decoded, whatever the file.

    Of a picture with more pixels than Pillow opens all are in one row: it tells how many they are, and no more.
    ``read`` may decode: of a PNG, EXIF can stand behind the pixels.
    """
    try:
        if plain := jpeg.header(data):  # ten times as fast
            return plain.width, plain.height
        with Image.open(io.BytesIO(data)) as image:
            return image.size
    except Image.DecompressionBombError as error:
        found = _MANY.search(str(error))
        return (int(found[1]), 1) if found else (0, 0)
    except Exception:  # as above
        return 0, 0


def _taken(image: Image.Image) -> datetime | None:
    try:
        found = image.getexif()
        inner = found.get_ifd(ExifTags.IFD.Exif)
        said = inner.get(_Tag.DateTimeOriginal) or inner.get(_Tag.DateTimeDigitized) or found.get(_Tag.DateTime)
        return date(str(said), str(inner.get(_Tag.OffsetTimeOriginal, "")))
    except Exception:  # as above
        return None


def date(said: str, offset: str = "") -> datetime | None:
    """The time that EXIF's "2024:05:17 14:03:59" is, and its offset "+02:00"; None where it is no time."""
    found, zone = _DATE.match(said), _OFFSET.match(offset)
    if not found:
        return None
    away = timedelta(hours=int(zone[2]), minutes=int(zone[3])) if zone else timedelta()
    try:
        where = timezone(-away if zone and zone[1] == "-" else away)
        return datetime(*map(int, found.groups()), tzinfo=where).astimezone(UTC)
    except (ValueError, OverflowError):  # the 31st of February, or a day of the year 0
        return None
