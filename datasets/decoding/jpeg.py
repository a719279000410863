"""JPEG, by OpenCV: the fast path of the reader, for files whose pixels it gives as Pillow does."""

import re
from dataclasses import dataclass

import cv2
import numpy as np

_END, _SCAN, _EXIF, _PROFILE = 0xD9, 0xDA, 0xE1, 0xE2  # markers, each after a byte 0xFF
_FRAMES = (0xC0, 0xC1, 0xC2)  # baseline, extended, progressive; the other kinds are Pillow's
_OTHER_FRAMES = {*range(0xC3, 0xD0)} - {0xC4, 0xC8, 0xCC}
_ALONE = {0x01, *range(0xD0, 0xD8)}  # markers without a segment: TEM and the restarts
_MOST_SCANS = 100  # of a picture; encoders write about ten, and each goes through all of its pixels
_SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # neither a stuffed 0xFF nor a restart
_REDUCED = {
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}
_ORIENTATION = 274  # tag of EXIF


@dataclass(frozen=True)
class Header:
    """What the segments of a plain JPEG say: 8 bits, grey or YCbCr, whole up to its end marker.

    height, width : in pixels, as stored
    mode : Pillow's name, L or RGB
    orientation : EXIF's, 1 to 8
    profile : the ICC profile, or None
    """

    height: int
    width: int
    mode: str
    orientation: int
    profile: bytes | None


def header(data: bytes) -> Header | None:
    """The header of a JPEG file; None where it is none, not a plain one, or not whole.

    Where something stands in the middle of a file that does not belong there, OpenCV makes a picture nevertheless, its
    lower part grey, or of another picture that had its place in memory before (OpenCV's issue 26488). So the segments
    and scans must follow each other up to the end marker; more may come after that. Scans are not decoded for this.
    Raises OSError where there are too many scans.
    """
    segments = _segments(data) if data.startswith(b"\xff\xd8\xff") else None
    if segments is None:
        return None
    frames = [body for kind, body in segments if kind in _FRAMES]
    if len(frames) != 1 or any(kind in _OTHER_FRAMES for kind, _ in segments):
        return None
    bits, height, width, channels = frames[0][0], _number(frames[0], 1), _number(frames[0], 3), frames[0][5]
    orientation = _orientation([body for kind, body in segments if kind == _EXIF])
    if bits != 8 or not height or not width or channels not in (1, 3) or orientation is None:
        return None
    parts = sorted(body[12:] for kind, body in segments if kind == _PROFILE and body.startswith(b"ICC_PROFILE\0"))
    profile = b"".join(part[2:] for part in parts) or None  # each part begins with its number
    return Header(height, width, "L" if channels == 1 else "RGB", orientation, profile)


def _segments(data: bytes) -> list[tuple[int, bytes]] | None:
    """Kind and content of the segments up to the end marker, scans passed over; None where they do not get there.

    Raises OSError where there are so many scans that decoding them is what the file is made for.
    """
    found, scans, at = [], 0, 2
    while data[at : at + 1] == b"\xff" and at + 1 < len(data):
        kind = data[at + 1]
        if kind == _END:
            return found
        if kind == 0xFF or kind in _ALONE:
            at += 1 if kind == 0xFF else 2
            continue
        start, at = at + 4, at + 2 + _number(data, at + 2)
        if kind == _SCAN:
            scans += 1
            if scans > _MOST_SCANS:
                raise OSError(f"more than {_MOST_SCANS} scans")
            if at != start + 4 + 2 * data[start]:  # a channel is two bytes
                return None
            end = _SCAN_END.search(data, at)
            at = end.start() if end else len(data)
        else:
            found.append((kind, data[start:at]))
    return None


def _orientation(segments: list[bytes]) -> int | None:
    """What the one EXIF among ``segments`` says, 1 without; None where there are several, or where XMP may say it."""
    exif = [body[6:] for body in segments if body.startswith(b"Exif\0\0")]
    if len(exif) > 1:
        return None
    found = _entry(exif[0]) if exif else 0
    if not found:
        return None if any(b"Orientation" in body for body in segments if not body.startswith(b"Exif")) else 1
    return found if found <= 8 else 1


def _entry(exif: bytes) -> int:
    """The orientation in the first directory of EXIF data; 0 where there is none."""
    order = "little" if exif.startswith(b"II") else "big"
    start = _number(exif, 4, 4, order)
    for at in range(start + 2, min(start + 2 + 12 * _number(exif, start, 2, order), len(exif) - 11), 12):
        if _number(exif, at, 2, order) == _ORIENTATION:
            return _number(exif, at + 8, 4 if _number(exif, at + 2, 2, order) == 4 else 2, order)
    return 0


def _number(data: bytes, at: int, count: int = 2, order: str = "big") -> int:
    return int.from_bytes(data[at : at + count], order)


def scale(stored: tuple[int, int], enough: tuple[int, int] | int | None) -> int:
    """The largest of 1, 2, 4, 8 by which ``stored`` height and width may be divided and stay ``enough``, a whole
    number for the longest side.

    A side that it does not divide is filled up by the decoder, which stretches the picture: by no more than a tenth of
    a pixel of ``enough``.
    """

    def fits(side: int, least: int, by: int) -> bool:
        return side // by >= least and 10 * (-side % by) * least <= side

    if isinstance(enough, int):
        enough = tuple(-(-enough * side // max(stored)) for side in stored)
    sides = list(zip(stored, enough or stored, strict=True))
    return next((by for by in (8, 4, 2) if all(fits(*side, by) for side in sides)), 1)


def decode(data: bytes, by: int) -> np.ndarray | None:
    """(H, W, 3) uint8 RGB of a JPEG file as it is stored, its sides divided by 1, 2, 4 or 8; None where it cannot."""
    how = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION | _REDUCED.get(by, cv2.IMREAD_COLOR)
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), how)
    except cv2.error:
        return None
