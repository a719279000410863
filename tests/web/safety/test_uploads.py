"""Uploads: what is taken of what people send, and what is not."""

import io
import struct
import zipfile
import zlib

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from datasets.images import pixels
from web.safety import uploads
from web.safety.refusals import Refused

SCRIPT = b"<script>alert(document.cookie)</script>"


def picture(kind="JPEG", size=(40, 30), **more) -> bytes:
    file = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 255, (*size[::-1], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file, kind, **more)
    return file.getvalue()


def bomb(width=50_000, height=50_000) -> bytes:
    """A PNG of a few bytes that says to be 2,500 million pixels."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def gif_bomb() -> bytes:
    """A GIF of a few bytes whose screen has 65,535 x 65,535 pixels."""
    whole = picture("GIF")
    return whole[:6] + b"\xff" * 4 + whole[10:]


def with_exif(tag, text) -> bytes:
    exif = Image.Exif()
    exif[tag] = text
    return picture(exif=exif.tobytes())


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("Evil.class", b"\xca\xfe\xba\xbe")
    return file.getvalue()


def many_scans() -> bytes:
    whole = picture(progressive=True)
    place = whole.rindex(b"\xff\xda")
    return whole[:place] + whole[place:-2] * 200 + b"\xff\xd9"


def refused(data, name="a.jpg", declared="image/jpeg") -> Refused:
    with pytest.raises(Refused) as found:
        uploads.check(data, name, declared)
    assert "\n" not in str(found.value)
    return found.value


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_it_works(kind):
    data = picture(kind)
    uploads.check(data, "a", "image/jpeg")  # a file that was renamed is what it is, not what it is called
    assert uploads.checked(SimpleUploadedFile("a.jpg", data, "application/octet-stream")) == data


def test_pictures_as_cameras_and_programs_write_them_are_taken():
    for data in (
        picture(progressive=True),
        picture(comment=b"taken < there > by me"),
        with_exif(0x010E, "our <b>house</b>"),
        picture() + b"\0\0\0\x18ftypmp42" + bytes(5000),  # a moving photograph
        picture("PNG", pnginfo=None, optimize=True),
        picture(xmp=b'<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/"></x:xmpmeta>'),
    ):
        uploads.check(data, "a.jpg", "image/jpeg")


@pytest.mark.parametrize("data", [bomb(), bomb(1, 100_000_000), bomb(2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_not_decoded(data):
    assert refused(data, "bomb.png").status in (400, 413)


@pytest.mark.parametrize("data", [bomb(), gif_bomb()])
def test_a_bomb_is_told_to_have_too_many_pixels(data):
    told = refused(data, "bomb.gif", "image/gif")
    assert told.status == 413 and "million pixels" in str(told)
    assert str(65_535**2 // 10**6 if data[:3] == b"GIF" else 2500) in str(told)


def test_pixels_are_counted_as_settings_say(settings):
    settings.LIMITS = {**settings.LIMITS, "pixels": 1199}
    assert refused(picture()).status == 413
    settings.LIMITS = {**settings.LIMITS, "pixels": 1200}
    uploads.check(picture(), "a.jpg")


def test_a_jpeg_of_endless_scans_is_not_decoded():
    assert "decode" in str(refused(many_scans()))


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<?xml version='1.0'?><svg onload='alert(1)'/>",
        b"<!DOCTYPE html><script>alert(1)</script>",
        b"%PDF-1.7\n",
        b"%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) run",
        b"push graphic-context\nviewbox 0 0 640 480\nfill 'url(https://127.0.0.1/x)'",
        b"MZ\x90\0",
        b"\x7fELF",
        archive(),
        b"\0\0\0\x18ftypmp42" + bytes(100),
        b"\xff\xd8",
        b"GIF87",
        b"text",
        bytes(1000),
    ],
)
def test_what_is_no_picture_is_refused(data):
    assert refused(data).status == 415


@pytest.mark.parametrize(
    "data",
    [
        picture() + SCRIPT,
        picture(comment=SCRIPT),
        picture("PNG") + b"<ScRiPt >alert(1)</script>",
        picture("GIF") + b"<!DOCTYPE html><body onload=alert(1)>",
        picture(comment=b"<?php system($_GET['c']); __halt_compiler();"),
        b"GIF89a/*" + picture("GIF")[8:] + b"*/=1;alert(1)",
        b"BM/*" + picture("BMP")[4:] + b"*/=1;alert(1)",
        b"\xff\xd8\xff\xe0/*" + bytes(12072) + picture()[2:],
        with_exif(0x010E, SCRIPT.decode()),
        with_exif(0x9C9C, SCRIPT.decode().encode("utf-16-le")),
        picture() + archive(),
        b"GIF89a%PDF-1.7" + bytes(100),
        picture(comment=b"%PDF-1.7"),
    ],
)
def test_a_picture_that_is_also_something_else_is_refused(data):
    assert refused(data).status == 400


@pytest.mark.parametrize("declared", ["text/html", "image/svg+xml; x", "application/x-php", "application/pdf", "x"])
def test_a_wrong_content_type_is_refused(declared):
    assert refused(picture(), declared=declared).status == 415


@pytest.mark.parametrize(
    "data", [picture()[:20], picture("PNG")[:20], b"\x89PNG\r\n\x1a\n" + bytes(50), b"BM" + bytes(9)]
)
def test_what_is_damaged_at_its_start_is_refused(data):
    assert refused(data).status == 400


def test_nothing_is_refused_too():
    assert "is empty" in str(refused(b""))


@pytest.mark.parametrize(
    "name, called",
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\a.jpg", "a.jpg"),
        ("a\r\nb\x1b", "a??b?"),
        ("", "the picture"),
        ("..", ".."),
    ],
)
def test_a_name_is_a_word_and_no_path(name, called):
    assert str(refused(b"text", name)).startswith(f"{called}: ")


def test_a_large_picture_is_looked_at_in_milliseconds():
    import time

    data = picture(size=(3000, 2000), quality=97) + bytes(5_000_000)
    start = time.thread_time()
    uploads.check(data, "a.jpg", "image/jpeg")
    assert time.thread_time() - start < 0.2


def test_a_photograph_of_a_telephone_is_not_called_damaged_where_a_package_is_missing(monkeypatch):
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)
    monkeypatch.setattr(pixels, "pillow_heif", None)
    told = refused(heic, "IMG_1.HEIC", "image/heic")
    assert told.status == 415 and "pillow-heif" in str(told) and "JPEG" in str(told)
    monkeypatch.setattr(pixels, "pillow_heif", pixels)
    assert "damaged" in str(refused(heic, "IMG_1.HEIC", "image/heic"))
