"""Pixels: every kind of file, as a person sees it."""

from PIL import Image

from datasets.images import pixels

NO_PICTURES = {"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF"}


def test_the_endings_are_those_of_the_pictures_that_pillow_opens():
    Image.init()
    its = {ending for ending, kind in Image.registered_extensions().items() if kind in Image.OPEN}
    no_pictures = {ending for ending, kind in Image.registered_extensions().items() if kind in NO_PICTURES}
    heif = {".heic", ".heics", ".heif", ".heifs", ".hif"}
    assert set(pixels.ENDINGS) == (its - no_pictures) | heif | {".mpo"}
    assert list(pixels.ENDINGS) == sorted(set(pixels.ENDINGS))
