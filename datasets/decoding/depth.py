"""Depth: pictures of more than 8 bits a channel as 8 bits, from their own range."""

import numpy as np
from PIL import Image

_BITS, _PHOTOMETRIC, _LARGEST = 258, 262, 281  # tags of TIFF


def to_8_bits(image: Image.Image) -> Image.Image:
    """A loaded picture of 16 bits, 32 bits or float as L, or LA where one of its values is transparent.

    12 and 16 bits: black is 0, white all bits, or what a TIFF calls its largest value. Float: 0..1, or else, as for 32
    bits and for numbers with a sign, from the picture's smallest value to its largest; NaN is black. Any other picture
    is given back as it is.
    """
    if not image.mode.startswith(("I", "F")):
        return image
    values = np.asarray(image)
    grey = Image.fromarray(_shifted(image, values) if _is_16_bits(image) else _stretched(values))
    key = image.info.get("transparency")
    if isinstance(key, int):
        seen = Image.fromarray(np.where(values == key, 0, 255).astype(np.uint8))
        return Image.merge("LA", (grey, seen))
    return grey


def _is_16_bits(image: Image.Image) -> bool:
    return image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PPM")  # Pillow scales a PGM to it


def _shifted(image: Image.Image, values: np.ndarray) -> np.ndarray:
    """The highest 8 bits, which is right for 8 bits spread over 16 in either way, times 256 and times 257."""
    tags = getattr(image, "tag_v2", {})
    largest = tags.get(_LARGEST) or (2 ** tags.get(_BITS, (16,))[0] - 1)
    largest = largest[0] if isinstance(largest, tuple) else largest
    bits = min(max(int(largest).bit_length(), 8), 16)
    grey = np.minimum(values >> (bits - 8), 255).astype(np.uint8)
    return ~grey if tags.get(_PHOTOMETRIC) == 0 else grey  # white is 0, which Pillow minds up to 8 bits


def _stretched(values: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    low, high = (float(values[known].min()), float(values[known].max())) if known.any() else (0.0, 1.0)
    if values.dtype.kind == "f" and low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    with np.errstate(invalid="ignore", over="ignore"):
        shares = (np.clip(values, low, high) - np.float32(low)) / max(high - low, np.finfo(np.float32).tiny)
    return np.rint(np.nan_to_num(shares, nan=0.0) * 255).astype(np.uint8)
