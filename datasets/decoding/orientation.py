"""Orientation: how a stored picture is turned to stand upright."""

from collections.abc import Callable

import cv2
import numpy as np
from PIL import ExifTags, Image

_TURNS: dict[int, Callable[[np.ndarray], np.ndarray]] = {  # values of EXIF's tag Orientation
    2: lambda pixels: cv2.flip(pixels, 1),
    3: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_180),
    4: lambda pixels: cv2.flip(pixels, 0),
    5: cv2.transpose,
    6: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE),
    7: lambda pixels: cv2.flip(cv2.transpose(pixels), -1),
    8: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE),
}


def of(image: Image.Image) -> int:
    """The orientation 1 to 8 of a picture, from EXIF, XMP or its container; 1 where none of them says it properly.

    Pillow turns a TIFF when its pixels are loaded; it has orientation 1 then.
    """
    try:
        found = image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # damaged EXIF raises whatever its bytes happen to mean; the picture is whole without it
        return 1
    return found if found in (1, *_TURNS) else 1


def lies(orientation: int) -> bool:
    """Whether height and width change places."""
    return orientation >= 5


def upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """The stored ``pixels`` (H, W, 3) as they are to be seen."""
    return _TURNS[orientation](pixels) if orientation in _TURNS else pixels
