"""Colours: a picture of any mode as red, green and blue of sRGB, laid on white where it is transparent."""

import functools
import io

import numpy as np
from PIL import Image, ImageCms

from datasets.decoding.depth import to_8_bits

_SRGB = ImageCms.createProfile("sRGB")
_LAB = ImageCms.createProfile("LAB")  # D50, as a TIFF's
_ALIKE = 3  # of 255: a profile that changes no colour by more is sRGB, whatever its name
_WAYS = {"1": "L", "L": "L", "CMYK": "CMYK", "LAB": "LAB"}  # mode -> mode in which its profile is applied, or else RGB


def to_rgb(image: Image.Image) -> Image.Image:
    """A loaded picture as RGB.

    Colours go through the embedded profile, where there is one that can be used; Lab has its own definition, and the
    rest of the modes Pillow's conversions.
    """
    image = _in_its_colours(to_8_bits(image))
    transform = to_srgb(image.info.get("icc_profile"), image.mode)
    if transform is not None:
        image = transform.apply(image)
    elif image.mode == "LAB":
        image = _from_lab().apply(image)
    if image.mode == "RGBA":
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


def _in_its_colours(image: Image.Image) -> Image.Image:
    """A picture in a mode that has profiles: L, RGB, RGBA, CMYK, LAB."""
    if image.mode in ("La", "RGBa"):  # colours that are multiplied by their alpha already
        return image.convert("LA" if image.mode == "La" else "RGBA").convert("RGBA")
    if image.has_transparency_data:
        key = image.info.get("transparency")
        if isinstance(key, tuple) and max(key) > 255:  # of 16 bits, where Pillow keeps the upper 8 of the pixels
            image.info["transparency"] = tuple(value >> 8 for value in key)
        return image.convert("RGBA")
    mode = _WAYS.get(image.mode, "RGB")
    return image if image.mode == mode else image.convert(mode)


@functools.lru_cache(maxsize=64)
def to_srgb(profile: bytes | None, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From an embedded ICC profile to sRGB; None where there is none, one of no use, or sRGB itself.

    A transform may be shared by threads.
    """
    if not profile:
        return None
    try:
        transform = _transform(ImageCms.ImageCmsProfile(io.BytesIO(profile)), mode)
        return None if _changes_nothing(transform, mode) else transform
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):  # damaged, or of another mode's colours
        return None


@functools.cache
def _from_lab() -> ImageCms.ImageCmsTransform:
    return _transform(_LAB, "LAB")


def _transform(profile: ImageCms.ImageCmsProfile, mode: str) -> ImageCms.ImageCmsTransform:
    out = "RGBA" if mode == "RGBA" else "RGB"
    return ImageCms.buildTransform(profile, _SRGB, mode, out, flags=ImageCms.Flags.BLACKPOINTCOMPENSATION)


def _changes_nothing(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    if mode not in ("L", "RGB", "RGBA"):
        return False
    steps = np.linspace(0, 255, 7).round().astype(np.uint8)
    cube = Image.fromarray(np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(7, 49, 3))
    before = cube.convert(mode)
    after = transform.apply(before)
    return int(np.abs(_array(before.convert(after.mode)) - _array(after)).max()) <= _ALIKE


def _array(image: Image.Image) -> np.ndarray:
    return np.asarray(image).astype(int)
