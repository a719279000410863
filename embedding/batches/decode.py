"""One image of a set as an array of a given size: decoding, cropping and augmentation with OpenCV."""

import math
import re
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from datasets.errors import InputError
from datasets.images import pixels
from datasets.images.base import ImageSet, Size

OWN = "own"  # each picture stays at its own proportions, and so at a size of its own
RESIZES = ("crop", "stretch", OWN)

# A JPEG that is to keep its proportions is decoded at so many times its size at least, or whole: what the decoder has
# scaled almost to its size is no longer what Pillow would make of the whole, and cost 0.04 of the mAP of 101 landmarks.
_GAP = 1.5
_THUMBNAIL_GAP = 2.0  # Pillow's own
_SIZE = re.compile(r"(\d{1,5})(?:[xX](\d{1,5}))?")  # 224 or 256x128


@dataclass(frozen=True)
class Augmentation:
    """Random crop and flip of training images.

    min_area : smallest share of an image's area that a crop keeps
    max_stretch : largest change of the crop's width to height from that of the size asked for, 4/3 as for Inception
    flip : whether half of the images are mirrored; wrong for characters
    """

    min_area: float = 0.2
    max_stretch: float = 4 / 3
    flip: bool = True


class Outside(pixels.Unreadable):
    """A picture whose box holds nothing of it."""


def parse_size(given: str | Size, flag: str) -> tuple[int, int]:
    """Height and width in pixels of ``given``, "256x128", "224" or 224 for a square; InputError names the ``flag``."""
    found = _SIZE.fullmatch(given.strip()) if isinstance(given, str) else None
    height, width = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not isinstance(given, str):
        height, width = sides(given)
    if height < 1 or width < 1:
        raise InputError(f"{flag}={given}: give pixels above 0, such as 224 for a square or 256x128, height x width")
    return height, width


def sides(size: Size) -> tuple[int, int]:
    """Height and width of ``size``."""
    height, width = (size, size) if isinstance(size, int) else size
    return height, width


def show_size(size: Size) -> str:
    """``size`` as ``parse_size`` reads it: "224" for a square, "256x128"."""
    height, width = sides(size)
    return str(height) if height == width else f"{height}x{width}"


def fetch(images: ImageSet, row: int) -> bytes | np.ndarray:
    """The file of image ``row``, or its pixels where it is in memory; raises ``pixels.Unreadable``."""
    stored = images.images[row]
    return stored if isinstance(stored, np.ndarray) else pixels.fetch(stored)


def read(
    images: ImageSet,
    row: int,
    *,
    at_least: tuple[int, int] | None = None,
    fetched: bytes | np.ndarray | None = None,
) -> np.ndarray:
    """Image ``row`` as (H, W, 3) uint8 RGB, cropped to its box where it has one.

    at_least : what is enough, as in ``pixels.read``; an image with a box comes whole
    fetched : what ``fetch`` has given of it, if it has been called before
    Raises ``pixels.Unreadable``, of which ``Outside`` is where its box holds nothing of it.
    """
    image, _ = _whole(images, row, at_least, fetched)
    return _cropped(image, images, row)


def read_fitted(
    images: ImageSet,
    row: int,
    size: Size,
    *,
    resize: str = "crop",
    fetched: bytes | np.ndarray | None = None,
    least: int = 0,
) -> np.ndarray:
    """Image ``row`` fit to ``size``, decoded no larger than that takes; ``fetched`` and errors as of ``read``.

    Of an image at its own proportions a box is scaled as the whole image would be: its longest side is at most the
    share of ``size`` that it is of the whole's.

    least : pixels that each side must have at the end; raises ``pixels.Unreadable`` where one has less
    """
    image, by = _whole(images, row, enough_to_fit(size, resize), fetched)
    fitted = fit_part(image, _cropped(image, images, row), size, resize=resize, by=by)
    if min(fitted.shape[:2]) < least:
        reason = f"is {fitted.shape[1]} x {fitted.shape[0]} pixels, and the network takes none of less than {least}"
        raise pixels.Unreadable(images.image_name(row), reason)
    return fitted


def _whole(
    images: ImageSet, row: int, at_least: tuple[int, int] | int | None, fetched: bytes | np.ndarray | None
) -> tuple[np.ndarray, int]:
    """Image ``row`` without regard to its box, and by how much its height and width are divided."""
    image = fetch(images, row) if fetched is None else fetched
    if not isinstance(image, bytes):
        return image, 1
    return pixels.decode_reduced(image, images.image_name(row), None if _has_box(images, row) else at_least)


def _has_box(images: ImageSet, row: int) -> bool:
    return images.crops is not None and not np.isnan(images.crops[row]).any()


def _cropped(image: np.ndarray, images: ImageSet, row: int) -> np.ndarray:
    """``image``, which is image ``row``, cropped to its box, up to its own border, where it has one.

    The corners of a published query are rounded, as the code that its figures come from does it; other boxes keep all
    the pixels that they touch.
    """
    if not _has_box(images, row):
        return image
    box, (height, width) = images.crops[row].astype(np.float64), image.shape[:2]
    asks = images.truth is not None and images.truth.boxes is not None
    first, last = (np.rint, np.rint) if asks else (np.floor, np.ceil)
    left, top = np.clip(first(box[:2]), 0, (width, height)).astype(int)
    right, bottom = np.clip(last(box[:2] + box[2:]), 0, (width, height)).astype(int)
    if right <= left or bottom <= top:
        reason = f"its box {box.tolist()} holds none of its {width} x {height} pixels"
        raise Outside(images.image_name(row), reason)
    return image[top:bottom, left:right]


def enough(size: Size, how: Augmentation) -> tuple[int, int]:
    """Height and width of an image of which every crop by ``augment`` is at least of ``size``.

    The smallest crop keeps ``min_area``, and is stretched by ``max_stretch`` along either side.
    """
    times = np.sqrt(how.max_stretch / how.min_area)
    high, wide = sides(size)
    return int(np.ceil(high * times)), int(np.ceil(wide * times))


def augment(image: np.ndarray, size: Size, how: Augmentation, rng: np.random.Generator) -> np.ndarray:
    """A random crop of ``image``, perhaps mirrored, as (H, W, 3) uint8 of ``size`` (Szegedy et al. 2015)."""
    asked_height, asked_width = sides(size)
    top, left, height, width = random_crop(*image.shape[:2], how, rng, aspect=asked_width / asked_height)
    crop = _resize(image[top : top + height, left : left + width], asked_height, asked_width)
    return crop[:, ::-1] if how.flip and rng.random() < 0.5 else crop


def random_crop(
    height: int, width: int, how: Augmentation, rng: np.random.Generator, *, aspect: float = 1.0
) -> tuple[int, int, int, int]:
    """Top, left, height and width of a crop with a random share of the area that fits inside.

    aspect : its width to height, before a random stretch. The largest crop of it in the centre where none fits.
    """
    for _ in range(10):
        area = height * width * rng.uniform(how.min_area, 1)
        ratio = aspect * np.exp(rng.uniform(-np.log(how.max_stretch), np.log(how.max_stretch)))
        h, w = round(np.sqrt(area / ratio)), round(np.sqrt(area * ratio))
        if 0 < h <= height and 0 < w <= width:
            return int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1)), h, w
    h, w = max(1, min(height, round(width / aspect))), max(1, min(width, round(height * aspect)))
    return (height - h) // 2, (width - w) // 2, h, w


def fit(image: np.ndarray, size: Size, *, resize: str = "crop", by: int = 1) -> np.ndarray:
    """``image`` as (H, W, 3) uint8 of ``size`` without chance, for evaluation.

    resize : "crop" keeps its proportions, scales it to cover 8/7 of ``size`` and takes the centre (256 and 224, the
        usual protocol for squares); "stretch" scales both sides to ``size`` and sees the whole image; "own" keeps its
        proportions and all of it, shrinks it until its longest side is at most that of ``size``, and enlarges nothing
    by : what the sides of the whole image were divided by when it was decoded; it is scaled as the whole would be
    """
    if resize == OWN:
        return _shrunk(image, *own_sides(*(side * by for side in image.shape[:2]), max(sides(size))))
    high, wide = sides(size)
    least_high, least_wide = _covered(size, resize)
    if resize == "stretch":
        return _resize(image, high, wide, by=by)
    height, width = image.shape[:2]
    scale = max(least_high / height, least_wide / width)
    scaled = _resize(image, max(high, round(height * scale)), max(wide, round(width * scale)), by=by)
    top, left = (scaled.shape[0] - high) // 2, (scaled.shape[1] - wide) // 2
    return scaled[top : top + high, left : left + wide]


def fit_part(image: np.ndarray, part: np.ndarray, size: Size, *, resize: str, by: int) -> np.ndarray:
    """``fit`` of a part of ``image``; at its own proportions it is scaled as the whole image would be."""
    own = max(1, max(sides(size)) * max(part.shape[:2]) // max(image.shape[:2]))
    return fit(part, own if resize == OWN else size, resize=resize, by=by)


def enough_to_fit(size: Size, resize: str) -> tuple[int, int] | int:
    """What a picture must be decoded to at least, to be fit to ``size``: height and width, or the longest side."""
    return math.ceil(_GAP * max(sides(size))) if resize == OWN else _covered(size, resize)


def own_sides(height: int, width: int, most: int) -> tuple[int, int]:
    """Height and width, in their proportions, with a longest side of at most ``most`` pixels, and never enlarged.

    The other side is the whole number that comes closest to the proportions, as width / height; 1 at least.
    """
    if max(height, width) <= most:
        return height, width
    lies = width > height
    exact = most * min(height, width) / max(height, width)
    around = {max(1, math.floor(exact)), max(1, math.ceil(exact))}
    other = min(sorted(around), key=lambda side: abs(most / side - most / exact if lies else side - exact))
    return (other, most) if lies else (most, other)


def _covered(size: Size, resize: str) -> tuple[int, int]:
    """Height and width that an image is scaled to cover, to be fit to ``size``."""
    high, wide = sides(size)
    return (high, wide) if resize == "stretch" else (round(high * 8 / 7), round(wide * 8 / 7))


def _shrunk(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """``image`` no larger than it is, as Pillow's thumbnail has it, to the last bit: so networks have been judged.

    OpenCV's mean over areas takes half the time, and gives features of a cosine of 0.995 to these.
    """
    if image.shape[:2] == (height, width):
        return image
    whole = Image.fromarray(image)
    return np.array(whole.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=_THUMBNAIL_GAP))


def _resize(image: np.ndarray, height: int, width: int, *, by: int = 1) -> np.ndarray:
    if image.shape[:2] == (height, width):
        return image
    # Averaging over areas keeps a much smaller image free of aliasing; it cannot enlarge.
    shrinks = height * width * 4 <= image.shape[0] * image.shape[1] * by**2
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
