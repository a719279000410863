"""JPEG by OpenCV: the same pixels as Pillow's, and a header that says what Pillow's does."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from datasets.decoding import jpeg, orientation

HOW = {
    "plain": {},
    "fine": {"quality": 95, "subsampling": 0},
    "coarse": {"quality": 20},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_blocks": 3},
}


def file_of(image: np.ndarray, **how) -> bytes:
    out = io.BytesIO()
    Image.fromarray(image).save(out, "JPEG", **how)
    return out.getvalue()


def noisy(*shape: int) -> np.ndarray:
    """Smooth and noisy parts."""
    smooth = np.indices(shape[:2]).sum(axis=0).reshape(*shape[:2], *[1] * (len(shape) - 2)) * 2
    return np.clip(smooth + np.random.default_rng(0).normal(0, 12, shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("by", [1, 2, 4, 8])
@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("shape", [(61, 83, 3), (64, 48)])
def test_both_readers_give_the_same_pixels(shape, how, by):
    data = file_of(noisy(*shape), **HOW[how])
    with Image.open(io.BytesIO(data)) as image:
        image.draft(image.mode, (shape[1] // by, shape[0] // by))
        peer = np.asarray(image.convert("RGB")).astype(int)
    found = jpeg.decode(data, by)
    assert found.shape == peer.shape
    assert np.abs(found - peer).max() <= 2  # two versions of libjpeg-turbo


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("turn", [None, 1, 6, 8])
@pytest.mark.parametrize("shape", [(61, 83, 3), (64, 48)])
def test_the_header_says_what_pillow_s_does(shape, turn, how):
    exif = Image.Exif()
    exif[271], exif[305] = "a maker", "a program"
    if turn:
        exif[274] = turn
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() * 200  # takes several segments
    data = file_of(noisy(*shape), exif=exif, icc_profile=profile, **HOW[how])
    with Image.open(io.BytesIO(data)) as image:
        right = jpeg.Header(image.height, image.width, image.mode, orientation.of(image), image.info["icc_profile"])
    assert jpeg.header(data) == right
    assert right.orientation == (turn or 1)
    assert len(profile) > 100_000


def test_what_is_not_plain_has_no_header():
    data = file_of(noisy(61, 83, 3))
    cmyk = io.BytesIO()
    Image.fromarray(noisy(61, 83, 4), "CMYK").save(cmyk, "JPEG")
    for other in (b"", b"\xff\xd8\xff", data[:-2], data[: len(data) // 2], b"x" + data, cmyk.getvalue()):
        assert jpeg.header(other) is None


@pytest.mark.parametrize(
    ("enough", "by"),
    [(None, 1), ((10, 10), 8), ((10, 11), 8), ((10, 12), 4), ((11, 10), 4), ((81, 1), 1), ((40, 44), 2)],
)
def test_the_scale_leaves_enough(enough, by):
    assert jpeg.scale((80, 88), enough) == by


@pytest.mark.parametrize(
    ("stored", "enough", "by"),
    [((3024, 4032), (256, 341), 8), ((2276, 4032), (256, 454), 4), ((4032, 3562), (290, 256), 2)],
)
def test_no_scale_stretches_the_picture(stored, enough, by):
    """At a scale that does not divide a side, its last pixel is filled up, which shifts the picture."""
    assert jpeg.scale(stored, enough) == by
    shift = max(-side % by / side * least for side, least in zip(stored, enough, strict=True))
    assert shift <= 0.1
