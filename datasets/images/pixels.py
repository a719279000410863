"""Pixels of a picture, whatever kind of file it is in: the one reader."""

import cv2
import numpy as np

from datasets.errors import InputError
from datasets.files import contents

# Threads of ours decode several images at once; OpenCV's own would only fight them for the cores.
cv2.setNumThreads(1)

MAX_PIXELS = 200_000_000  # of a picture: 600 MB when decoded

# How the files are called that can be read: as Pillow has it, but for what is no picture of pixels (EPS, WMF, HDF5,
# MPEG, ...), and with HEIF, which takes the package pillow-heif, so that somebody without it is told.
ENDINGS = (
    *(".apng", ".avif", ".avifs", ".blp", ".bmp", ".bw", ".cur", ".dcx", ".dds", ".dib", ".fit", ".fits", ".flc"),
    *(".fli", ".ftc", ".ftu", ".gbr", ".gif", ".heic", ".heics", ".heif", ".heifs", ".hif", ".icb", ".icns", ".ico"),
    *(".iim", ".im", ".j2c", ".j2k", ".jfif", ".jp2", ".jpc", ".jpe", ".jpeg", ".jpf", ".jpg", ".jpx", ".mpo", ".msp"),
    *(".pbm", ".pcd", ".pcx", ".pfm", ".pgm", ".png", ".pnm", ".ppm", ".psd", ".pxr", ".qoi", ".ras", ".rgb", ".rgba"),
    *(".sgi", ".tga", ".tif", ".tiff", ".vda", ".vst", ".webp", ".xbm", ".xpm"),
)


class Unreadable(InputError):
    """A picture that cannot be read; ``path`` names it, ``reason`` says why without its name."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"image {path}: {reason}; replace the file or remove it")
        self.path, self.reason = path, reason


def read(path: str, *, at_least: tuple[int, int] | None = None, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """The picture ``path`` as a person sees it, (H, W, 3) uint8 RGB.

    path : as ``contents.read`` takes it
    at_least : height and width that are enough: a larger picture may come smaller, in its proportions, but not below
        them
    max_pixels : a picture of more, by its header, is not decoded
    Raises Unreadable.
    """
    try:
        data = contents.read(path)
    except contents.Unopened as error:
        raise Unreadable(path, error.reason) from None
    return decode(data, path, at_least=at_least, max_pixels=max_pixels)


def decode(
    data: bytes, name: str, *, at_least: tuple[int, int] | None = None, max_pixels: int = MAX_PIXELS
) -> np.ndarray:
    """The picture of a file's bytes; ``name`` is what an error calls it, all else as for ``read``."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if image is None:
        raise Unreadable(name, "is no image that can be decoded")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
