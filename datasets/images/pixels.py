"""Pixels of a picture, whatever kind of file it is in: the one reader.

OpenCV decodes a plain JPEG, which it does fastest; Pillow decodes all else. Both have libjpeg-turbo, and their pixels
of a JPEG are equal to within 2 of 255, the rounding of two versions.
"""

import io
import logging
import re
import warnings

import cv2
import numpy as np
from PIL import AvifImagePlugin, Image, ImageFile, PngImagePlugin, UnidentifiedImageError

from datasets.decoding import colours, jpeg, orientation
from datasets.decoding.quiet import quiet
from datasets.errors import InputError
from datasets.files import contents

try:
    import pillow_heif
except ImportError:
    pillow_heif = None
else:
    pillow_heif.register_heif_opener()

# Threads of ours decode several images at once; those of a library would only fight them for the cores.
cv2.setNumThreads(1)
AvifImagePlugin.DEFAULT_MAX_THREADS = 1
# What is wrong with a picture is our error, once, or nothing that a person would see.
cv2.setLogLevel(0)  # silent
warnings.filterwarnings("ignore", module=r"PIL\.")
logging.getLogger("PIL").setLevel(logging.CRITICAL)

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


# What Pillow opens but cannot make a picture of, or only by another program (EPS, by Ghostscript).
_NO_PICTURES = {"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF"}
Image.init()
_FORMATS = [name for name in Image.ID if name not in _NO_PICTURES]
PngImagePlugin.MAX_TEXT_CHUNK = 16 * 2**20  # bytes of a text or a profile; Pillow's 1 MB refuses whole pictures

_JPEG = ("JPEG", "MPO")  # MPO holds several
_HEIF = re.compile(rb"....ftyp(hei[cmsx]|hev[cmsx]|mif1|msf1)", re.DOTALL)
_limit = MAX_PIXELS


def allow(pixels: int) -> None:
    """Let this process decode pictures of so many pixels and no more; another process has its own limit.

    Pillow's limit, for pictures within pictures (icons, ...), is set to the same. Raises InputError.
    """
    global _limit
    if pixels < 1:
        raise InputError(f"--max-pixels={pixels}: give the most pixels that a picture may have, such as {MAX_PIXELS}")
    _limit = pixels
    Image.MAX_IMAGE_PIXELS = max(1, pixels // 2)  # it refuses what has more than twice as many


def allowed() -> int:
    """How many pixels a picture may have in this process."""
    return _limit


allow(MAX_PIXELS)


class Unreadable(InputError):
    """A picture that cannot be read; ``path`` names it, ``reason`` says why without its name."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"image {path}: {reason}; replace the file or remove it")
        self.path, self.reason = path, reason


class _TooLarge(Exception):
    """A picture with more pixels than are allowed."""


def read(path: str, *, at_least: tuple[int, int] | int | None = None) -> np.ndarray:
    """The picture ``path`` as a person sees it, (H, W, 3) uint8 RGB.

    Upright, transparency on white, colours through an embedded profile to sRGB, 16 bits and float from their range,
    the first frame or page. What has more pixels than ``allow`` allows is not decoded.

    path : as ``contents.read`` takes it
    at_least : height and width that are enough, or a longest side: a larger JPEG may come at a half, a quarter or an
        eighth of its size, but not below them
    Raises Unreadable.
    """
    return decode(fetch(path), path, at_least=at_least)


def fetch(path: str) -> bytes:
    """The bytes of the picture ``path``, which ``decode`` takes; raises Unreadable."""
    try:
        return contents.read(path)
    except contents.Unopened as error:
        raise Unreadable(path, error.reason) from None
    except ValueError as error:  # a null character in its name
        raise Unreadable(path, f"cannot be read ({error})") from None


def decode(data: bytes, name: str, *, at_least: tuple[int, int] | int | None = None) -> np.ndarray:
    """The picture of a file's bytes; ``name`` is what an error calls it, all else as for ``read``."""
    return decode_reduced(data, name, at_least)[0]


def decode_reduced(data: bytes, name: str, at_least: tuple[int, int] | int | None) -> tuple[np.ndarray, int]:
    """As ``decode``, and by how much height and width of the whole picture are divided: 1, 2, 4 or 8."""
    try:
        with quiet:
            return _plain_jpeg(data, at_least) or _any(data, at_least)
    except Exception as error:  # the bytes of a damaged file make a decoder raise anything
        raise Unreadable(name, _reason(error, data)) from None


def _plain_jpeg(data: bytes, at_least: tuple[int, int] | int | None) -> tuple[np.ndarray, int] | None:
    """The picture by OpenCV; None where that might give other pixels than Pillow."""
    header = jpeg.header(data)
    if header is None or colours.to_srgb(header.profile, header.mode) is not None:
        return None
    _check(header.height, header.width)
    by = jpeg.scale((header.height, header.width), _stored(at_least, header.orientation))
    pixels = jpeg.decode(data, by)
    return None if pixels is None else (orientation.upright(pixels, header.orientation), by)


def _any(data: bytes, at_least: tuple[int, int] | int | None) -> tuple[np.ndarray, int]:
    """The picture by Pillow."""
    ImageFile.LOAD_TRUNCATED_IMAGES = False  # GluonCV sets it, for the whole process: half a picture would be one
    with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
        _check(image.height, image.width)
        by = 1
        if at_least and image.format in _JPEG:
            by = jpeg.scale((image.height, image.width), _stored(at_least, orientation.of(image)))
            image.draft(image.mode, (image.width // by, image.height // by))
        image.load()  # before its orientation is asked: a TIFF is turned by this, and a PNG loads when asked
        return orientation.upright(np.array(colours.to_rgb(image)), orientation.of(image)), by


def _stored(at_least: tuple[int, int] | int | None, turn: int) -> tuple[int, int] | int | None:
    """The least height and width as they are stored."""
    return at_least[::-1] if isinstance(at_least, tuple) and orientation.lies(turn) else at_least


def _check(height: int, width: int) -> None:
    if height * width > _limit:
        raise _TooLarge(height * width)


def lacks_heif(data: bytes) -> bool:
    """Whether a file is HEIF, and the package that reads it is not installed."""
    return pillow_heif is None and bool(_HEIF.match(data))


def _reason(error: Exception, data: bytes) -> str:
    if not data:
        return "is empty"
    if isinstance(error, _TooLarge | Image.DecompressionBombError):
        count = int(re.search(r"\d+", str(error))[0])
        return f"has {count:,} pixels, --max-pixels={_limit} allows no more"
    if lacks_heif(data):
        return "is HEIF, which takes the package pillow-heif: pip install pillow-heif"
    if isinstance(error, UnidentifiedImageError):
        return "is not an image that can be read, or damaged at its start"
    if isinstance(error, MemoryError):
        return "takes more memory than there is"
    if not isinstance(error, OSError | SyntaxError):  # what a decoder stumbled over tells nothing
        return "is damaged or ends early"
    text = " ".join(str(error).split())[:100] or type(error).__name__
    return f"is damaged or ends early ({text})"
