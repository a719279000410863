"""One image of a set as a square array: decoding, cropping and augmentation with OpenCV."""

from dataclasses import dataclass

import cv2
import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet

# Threads of ours decode several images at once; OpenCV's own would only fight them for the cores.
cv2.setNumThreads(1)


RESIZES = ("crop", "stretch")


@dataclass(frozen=True)
class Augmentation:
    """Random crop and flip of training images.

    min_area : smallest share of an image's area that a crop keeps
    max_stretch : largest change of the crop's width to height, 4/3 as for Inception
    flip : whether half of the images are mirrored; wrong for characters
    """

    min_area: float = 0.2
    max_stretch: float = 4 / 3
    flip: bool = True


def read(images: ImageSet, row: int) -> np.ndarray:
    """Image ``row`` as (H, W, 3) uint8 RGB, cropped to its box where the set has boxes.

    Raises InputError naming the file where it is missing or no image.
    """
    stored = images.images[row]
    image = stored if isinstance(stored, np.ndarray) else _read_file(stored)
    return image if images.boxes is None else _crop_box(image, images.boxes[row], images.image_name(row))


def _read_file(path: str) -> np.ndarray:
    try:
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise InputError(f"image {path}: cannot be read ({error.strerror}); restore the file or remove it") from None
    # A flag of imread's turns grey, palette and 16-bit images into 8-bit colour, and applies EXIF rotation.
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    if image is None:
        raise InputError(f"image {path}: is not an image that OpenCV can decode; replace the file or remove it")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def _crop_box(image: np.ndarray, box: np.ndarray, name: str) -> np.ndarray:
    height, width = image.shape[:2]
    left, top = np.clip(np.floor(box[:2]), 0, (width, height)).astype(int)
    right, bottom = np.clip(np.ceil(box[:2] + box[2:]), 0, (width, height)).astype(int)
    if right <= left or bottom <= top:
        raise InputError(
            f"image {name}: its box {box.tolist()} lies outside its {width} x {height} pixels; correct the box"
        )
    return image[top:bottom, left:right]


def augment(image: np.ndarray, size: int, how: Augmentation, rng: np.random.Generator) -> np.ndarray:
    """A random crop of ``image``, perhaps mirrored, as (size, size, 3) uint8 (Szegedy et al. 2015)."""
    top, left, height, width = random_crop(*image.shape[:2], how, rng)
    crop = _resize(image[top : top + height, left : left + width], size, size)
    return crop[:, ::-1] if how.flip and rng.random() < 0.5 else crop


def random_crop(height: int, width: int, how: Augmentation, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """Top, left, height and width of a crop with a random share of the area and a random stretch that fits inside."""
    for _ in range(10):
        area = height * width * rng.uniform(how.min_area, 1)
        stretch = np.exp(rng.uniform(-np.log(how.max_stretch), np.log(how.max_stretch)))
        h, w = round(np.sqrt(area / stretch)), round(np.sqrt(area * stretch))
        if 0 < h <= height and 0 < w <= width:
            return int(rng.integers(height - h + 1)), int(rng.integers(width - w + 1)), h, w
    side = min(height, width)
    return (height - side) // 2, (width - side) // 2, side, side


def fit(image: np.ndarray, size: int, *, resize: str = "crop") -> np.ndarray:
    """``image`` as (size, size, 3) uint8 without chance, for evaluation.

    resize : "crop" scales the shorter side to 8/7 of ``size`` and takes the centre (256 and 224, the usual protocol);
        "stretch" scales both sides to ``size`` and sees the whole image
    """
    if resize == "stretch":
        return _resize(image, size, size)
    height, width = image.shape[:2]
    scale = round(size * 8 / 7) / min(height, width)
    scaled = _resize(image, max(size, round(height * scale)), max(size, round(width * scale)))
    top, left = (scaled.shape[0] - size) // 2, (scaled.shape[1] - size) // 2
    return scaled[top : top + size, left : left + size]


def _resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    if image.shape[:2] == (height, width):
        return image
    # Averaging over areas keeps a much smaller image free of aliasing; it cannot enlarge.
    shrinks = height * width * 4 <= image.shape[0] * image.shape[1]
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
