"""The header of a picture: its size as one sees it, and when it was taken."""

import io
from datetime import UTC, datetime

import pytest
from PIL import ExifTags, Image

from datasets.decoding import header


def written(**tags) -> bytes:
    image, exif = Image.new("RGB", (40, 20)), Image.Exif()
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    for name, value in tags.items():
        (exif if name in ("Orientation", "DateTime") else inner)[ExifTags.Base[name]] = value
    file = io.BytesIO()
    image.save(file, "JPEG", exif=exif)
    return file.getvalue()


def test_it_works():
    found = header.read(written(DateTimeOriginal="2024:05:17 14:03:59", Orientation=6, DateTime="2025:01:01 00:00:00"))
    assert (found.width, found.height) == (20, 40)
    assert found.taken == datetime(2024, 5, 17, 14, 3, 59, tzinfo=UTC)


def test_the_zone_of_a_camera_is_known():
    said = {"DateTimeOriginal": "2024:05:17 01:00:00", "OffsetTimeOriginal": "+02:00"}
    assert header.read(written(**said)).taken == datetime(2024, 5, 16, 23, tzinfo=UTC)


@pytest.mark.parametrize("said", ["", "yesterday", "0000:00:00 00:00:00", "2024:02:31 00:00:00", "<b>", "2024:05:17"])
def test_what_is_no_date_is_none(said):
    assert header.read(written(DateTimeOriginal=said)).taken is None


@pytest.mark.parametrize("data", [b"", b"no picture", written()[:30]])
def test_what_is_no_picture_has_an_empty_header(data):
    assert header.read(data) == header.Header()
