"""Pixels: every kind of file, as a person sees it; what is no picture, or too large a one, is told and not decoded."""

import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageFile, PngImagePlugin

from datasets.errors import InputError
from datasets.images import pixels

NO_PICTURES = {"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF"}
ORIENTED = {  # format -> (most that a pixel may be off, options that lose least)
    "JPEG": (12, {"quality": 95, "subsampling": 0}),
    "PNG": (0, {}),
    "TIFF": (0, {}),
    "WEBP": (0, {"lossless": True}),
    "AVIF": (24, {"quality": 100, "subsampling": "4:4:4"}),
}


@pytest.fixture
def limit():
    """Lets a test allow other numbers of pixels."""
    yield pixels.allow
    pixels.allow(pixels.MAX_PIXELS)


def picture(height: int = 24, width: int = 40) -> np.ndarray:
    """(H, W, 3) uint8, smooth, no two quarters alike."""
    down, across = np.mgrid[0:height, 0:width]
    red, green = 250 * across // width, 250 * down // height
    return np.stack([red, green, (red + green) // 2], axis=-1).astype(np.uint8)


def file_of(image: Image.Image | np.ndarray, kind: str, **how) -> bytes:
    """The bytes of a file with the image."""
    out = io.BytesIO()
    (Image.fromarray(image) if isinstance(image, np.ndarray) else image).save(out, kind, **how)
    return out.getvalue()


def read(data: bytes, **how) -> np.ndarray:
    found = pixels.decode(data, "it", **how)
    assert found.dtype == np.uint8 and found.ndim == 3 and found.shape[2] == 3
    return found


def assert_near(found: np.ndarray, right: np.ndarray, most: int = 0) -> None:
    assert found.shape == right.shape
    assert np.abs(found.astype(int) - right).max() <= most


def stored(upright: np.ndarray, orientation: int) -> np.ndarray:
    """How a camera stores it: what EXIF's words say of where row 0 and column 0 of the stored picture are seen."""
    row, column = {
        1: ("top", "left"),
        2: ("top", "right"),
        3: ("bottom", "right"),
        4: ("bottom", "left"),
        5: ("left", "top"),
        6: ("right", "top"),
        7: ("right", "bottom"),
        8: ("left", "bottom"),
    }[orientation]
    lies = row in ("left", "right")
    found = upright.transpose(1, 0, 2) if lies else upright
    found = found[::-1] if row in ("bottom", "right") else found
    return np.ascontiguousarray(found[:, ::-1] if column in ("bottom", "right") else found)


def oriented(upright: np.ndarray, orientation: int, kind: str, **how) -> bytes:
    exif = Image.Exif()
    exif[274] = orientation
    if kind == "TIFF":
        return file_of(stored(upright, orientation), kind, tiffinfo={274: orientation}, **how)
    return file_of(stored(upright, orientation), kind, exif=exif, **how)


def test_the_endings_are_those_of_the_pictures_that_pillow_opens():
    Image.init()
    its = {ending for ending, kind in Image.registered_extensions().items() if kind in Image.OPEN}
    no_pictures = {ending for ending, kind in Image.registered_extensions().items() if kind in NO_PICTURES}
    heif = {".heic", ".heics", ".heif", ".heifs", ".hif"}
    assert set(pixels.ENDINGS) == (its - no_pictures) | heif | {".mpo"}
    assert list(pixels.ENDINGS) == sorted(set(pixels.ENDINGS))


@pytest.mark.parametrize("kind", ORIENTED)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_of_a_picture_looks_the_same(kind, orientation):
    most, how = ORIENTED[kind]
    assert_near(read(oriented(picture(), orientation, kind, **how)), picture(), most)


def test_a_grey_photograph_is_turned_too():
    exif = Image.Exif()
    exif[274] = 6
    grey = picture()[..., 0]
    data = file_of(np.ascontiguousarray(np.rot90(grey)), "JPEG", exif=exif, quality=95)
    assert_near(read(data), np.stack([grey] * 3, axis=-1), 6)


@pytest.mark.parametrize("said", [0, 9, 77])
def test_an_orientation_that_is_none_turns_nothing(said):
    exif = Image.Exif()
    exif[274] = said
    for kind in ("JPEG", "PNG"):
        assert_near(read(file_of(picture(), kind, exif=exif)), picture(), 30)


@pytest.mark.parametrize("exif", [b"Exif\0\0", b"Exif\0\0II*\0\x08\0\0\0\xff\xff", b"Exif\0\0MM\0*\xff\xff\xff\xff"])
def test_damaged_exif_leaves_the_picture_whole(exif):
    data = file_of(picture(), "JPEG")
    segment = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    np.testing.assert_array_equal(read(data[:2] + segment + data[2:]), read(data))


def ramp_and_alpha() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Colours, alpha from 0 to 255, and what both look like on white."""
    colours = picture()
    alpha = np.tile(np.linspace(0, 255, 40).astype(np.uint8), (24, 1))
    share = alpha[..., None] / 255
    return colours, alpha, np.rint(colours * share + 255 * (1 - share)).astype(np.uint8)


@pytest.mark.parametrize(("kind", "how"), [("PNG", {}), ("TIFF", {}), ("TGA", {}), ("WEBP", {"lossless": True})])
def test_a_transparent_picture_equals_itself_on_white(kind, how):
    colours, alpha, on_white = ramp_and_alpha()
    both = Image.fromarray(np.dstack([colours, alpha]))
    how = {"exact": True, **how} if kind == "WEBP" else how
    assert_near(read(file_of(both, kind, **how)), on_white, 1)


def test_grey_with_alpha_and_one_transparent_grey():
    colours, alpha, on_white = ramp_and_alpha()
    grey = Image.fromarray(colours[..., 0])
    both = Image.merge("LA", (grey, Image.fromarray(alpha)))
    assert_near(read(file_of(both, "PNG")), np.stack([on_white[..., 0]] * 3, axis=-1), 1)
    key = int(colours[0, 20, 0])
    right = np.where(colours[..., :1] == key, 255, colours[..., :1]).repeat(3, axis=2)
    assert_near(read(file_of(grey, "PNG", transparency=key)), right)


def test_one_transparent_colour():
    colours = np.array([[[250, 0, 0], [0, 250, 0]]], np.uint8)
    right = np.array([[[250, 0, 0], [255, 255, 255]]], np.uint8)
    assert_near(read(file_of(colours, "PNG", transparency=(0, 250, 0))), right)


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_palette_with_a_transparent_colour(kind):
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8), "L").convert("P")
    image.putpalette([10, 20, 30, 200, 0, 0, 0, 0, 90])
    right = np.array([[[10, 20, 30], [255, 255, 255], [0, 0, 90]]], np.uint8)
    assert_near(read(file_of(image, kind, transparency=1)), right)


def test_a_palette_with_an_alpha_a_colour():
    image = Image.fromarray(np.array([[0, 1]], np.uint8), "L").convert("P")
    image.putpalette([0, 0, 0, 200, 0, 0])
    data = file_of(image, "PNG", transparency=bytes([128, 255]))
    assert_near(read(data), np.array([[[127, 127, 127], [200, 0, 0]]], np.uint8), 1)


@pytest.mark.parametrize("spread", [256, 257])
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_16_bits_equal_8(kind, spread):
    grey = picture()[..., 0]
    image = Image.fromarray(grey.astype(np.uint16) * spread)
    image = image.convert("I") if kind == "PPM" else image
    assert_near(read(file_of(image, kind)), np.stack([grey] * 3, axis=-1), spread == 256 and kind == "PPM")


def test_a_transparent_grey_of_16_bits():
    values = np.array([[0, 0x1234, 0xFFFF]], np.uint16)
    data = file_of(Image.fromarray(values), "PNG")
    right = np.array([[[0] * 3, [255] * 3, [255] * 3]], np.uint8)
    assert_near(read(with_chunk(data, b"tRNS", struct.pack(">H", 0x1234))), right)


def with_chunk(png: bytes, name: bytes, content: bytes) -> bytes:
    """A PNG with one more chunk before its pixels."""
    chunk = struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
    at = png.index(b"IDAT") - 4
    return png[:at] + chunk + png[at:]


def test_a_tiff_says_how_many_bits_it_has():
    values = np.array([[0, 512, 1023]], np.uint16)
    data = file_of(Image.fromarray(values), "TIFF", tiffinfo={281: 1023})
    assert_near(read(data)[..., 0], np.array([[0, 128, 255]]))


@pytest.mark.parametrize(
    ("values", "right"),
    [
        ([0.0, 0.25, 1.0], [0, 64, 255]),
        ([0.5, 0.5, 0.5], [128, 128, 128]),
        ([-10.0, 0.0, 10.0], [0, 128, 255]),
        ([np.nan, 100.0, 300.0], [0, 0, 255]),
        ([-np.inf, 0.0, np.inf], [0, 0, 255]),
        ([7.0, 7.0, 7.0], [0, 0, 0]),
        ([np.nan, np.nan, np.nan], [0, 0, 0]),
    ],
)
def test_float_is_0_to_1_or_from_its_least_to_its_largest(values, right):
    data = file_of(Image.fromarray(np.array([values], np.float32)), "TIFF")
    assert read(data)[0, :, 0].tolist() == right


def test_32_bits_go_from_their_least_to_their_largest():
    data = file_of(Image.fromarray(np.array([[-1000, 0, 1000]], np.int32)), "TIFF")
    assert read(data)[0, :, 0].tolist() == [0, 128, 255]


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM", "BMP"])
def test_one_bit_is_black_and_white(kind):
    grey = np.where(picture()[..., 0] > 100, 255, 0).astype(np.uint8)
    assert_near(read(file_of(Image.fromarray(grey).convert("1"), kind)), np.stack([grey] * 3, axis=-1))


def test_cmyk_without_a_profile_is_ink_on_white():
    inks = np.array([[[0, 0, 0, 0], [0, 0, 0, 255], [0, 255, 255, 0]]], np.uint8).repeat(16, 0).repeat(16, 1)
    found = read(file_of(Image.fromarray(inks, "CMYK"), "TIFF"))
    assert found[0, ::16].tolist() == [[255, 255, 255], [0, 0, 0], [255, 0, 0]]
    assert_near(read(file_of(Image.fromarray(inks, "CMYK"), "JPEG", quality=95)), found, 4)


def test_lab_is_what_it_is_defined_as():
    """Black, white, a middle grey, and the red of sRGB, L* 54.3, a* 80.8, b* 69.9 from D50."""
    lab = np.array([[[0, 0, 0], [255, 0, 0], [137, 0, 0], [138, 81, 70]]], np.uint8)
    found = read(file_of(Image.fromarray(lab, "LAB"), "TIFF"))[0]
    assert_near(found, np.array([[0] * 3, [255] * 3, [128] * 3, [255, 0, 0]]), 6)


def profile_of(name: str) -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes()


def wide_gamut() -> bytes:
    """An ICC profile with other primaries than sRGB: red and green change places."""
    profile = bytearray(profile_of("sRGB"))
    places = {bytes(profile[at : at + 4]): at for at in range(132, 132 + 12 * profile[131], 12)}
    red, green = (places[name] for name in (b"rXYZ", b"gXYZ"))
    profile[red + 4 : red + 12], profile[green + 4 : green + 12] = (
        profile[green + 4 : green + 12],
        profile[red + 4 : red + 12],
    )
    return bytes(profile)


@pytest.mark.parametrize(("kind", "most"), [("PNG", 1), ("JPEG", 16), ("TIFF", 1)])
def test_colours_go_through_the_embedded_profile(kind, most):
    how = {"quality": 95, "subsampling": 0} if kind == "JPEG" else {}
    data = file_of(picture(), kind, icc_profile=wide_gamut(), **how)
    assert_near(read(data), picture()[..., [1, 0, 2]], most)


@pytest.mark.parametrize("profile", [b"no profile at all", profile_of("sRGB"), profile_of("LAB")])
def test_srgb_and_a_profile_that_is_damaged_or_of_other_colours_change_nothing(profile):
    np.testing.assert_array_equal(read(file_of(picture(), "PNG", icc_profile=profile)), picture())


def test_the_profile_of_a_transparent_picture_spares_its_alpha():
    colours, alpha, _ = ramp_and_alpha()
    swapped = file_of(Image.fromarray(np.dstack([colours[..., [1, 0, 2]], alpha])), "PNG", icc_profile=wide_gamut())
    plain = file_of(Image.fromarray(np.dstack([colours, alpha])), "PNG")
    assert_near(read(swapped), read(plain), 1)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF", "AVIF"])
def test_the_first_frame_or_page(kind):
    first, second = Image.new("RGB", (16, 16), (0, 0, 250)), Image.new("RGB", (16, 16), (250, 0, 0))
    found = read(file_of(first, kind, save_all=True, append_images=[second]))
    assert_near(found, np.full((16, 16, 3), (0, 0, 250)), 8)


def test_a_stereo_camera_s_first_picture():
    pair = [Image.fromarray(picture()), Image.fromarray(picture()[::-1])]
    data = file_of(pair[0], "MPO", save_all=True, append_images=pair[1:], quality=95)
    np.testing.assert_array_equal(read(data), read(file_of(pair[0], "JPEG", quality=95)))


def test_the_name_says_nothing_of_the_kind(tmp_path):
    for name in ("a b & (1).JPG", "blüte 花.txt", "[x]*?.gif", "no ending"):
        (tmp_path / name).write_bytes(file_of(picture(), "PNG"))
        np.testing.assert_array_equal(pixels.read(str(tmp_path / name)), picture())
    for name in ("\0", "x" * 5000, str(tmp_path), str(tmp_path / "gone.png")):
        with pytest.raises(pixels.Unreadable, match="cannot be read"):
            pixels.read(name)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "AVIF", "TGA", "PPM"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_file_that_ends_early_is_unreadable(kind, share):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    data = file_of(noise, kind)
    with pytest.raises(pixels.Unreadable) as error:
        pixels.decode(data[: int(len(data) * share)], "photo")
    assert error.value.path == "photo" and error.value.reason and "\n" not in error.value.reason


@pytest.mark.parametrize("how", [{}, {"progressive": True}, {"restart_marker_rows": 1}])
@pytest.mark.parametrize("wrong", [b"\xff\xc9", b"\xff\xd8", b"\xff\xc4\0\5", b"\xff\xda\0\2"])
def test_a_jpeg_with_something_wrong_in_the_middle_is_unreadable(how, wrong):
    """OpenCV makes a picture of most of these, whose lower part is what stood in memory before."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    data = file_of(noise, "JPEG", quality=90, **how)
    with pytest.raises(pixels.Unreadable, match="damaged"):
        pixels.decode(data[: len(data) // 2] + wrong + data[len(data) // 2 :], "it")


def test_what_is_appended_to_a_photograph_does_no_harm():
    data = file_of(picture(), "JPEG")
    for more in (b"\0" * 100, b"\xff", b"MotionPhoto_Data" + b"\xff\xd8\xff\xe1" * 50):
        np.testing.assert_array_equal(read(data + more), read(data))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"I am a text.", "is not an image"),
        (b"\xff\xd8\xff\xe0 cut", "ends early"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "pip install pillow-heif"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n", "is not an image"),
    ],
)
def test_what_cannot_be_read_says_why(monkeypatch, data, reason):
    monkeypatch.setattr(pixels, "pillow_heif", None)
    with pytest.raises(pixels.Unreadable, match=f"image it: .*{reason}.*; replace the file or remove it"):
        pixels.decode(data, "it")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "AVIF", "TGA", "PPM", "JPEG2000"])
def test_too_many_pixels_are_refused(kind, limit):
    data = file_of(picture(40, 50), kind)
    limit(2000)
    assert read(data).shape == (40, 50, 3)
    for most in (1999, 1000, 3):
        limit(most)
        with pytest.raises(pixels.Unreadable, match=rf"has 2,000 pixels, --max-pixels={most} allows no more"):
            pixels.decode(data, "it")


def test_a_bomb_is_refused_before_it_is_decoded():
    """A GIF and a PNG of four thousand million pixels, in a few bytes."""
    gif = (
        b"GIF89a"
        + struct.pack("<HH", 65535, 65535)
        + b"\0\0\0,\0\0\0\0"
        + struct.pack("<HH", 65535, 65535)
        + b"\0\x02\0;"
    )
    header = struct.pack(">IIBBBBB", 65535, 65535, 8, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    for data in (gif, with_chunk(png + b"\0\0\0\0IDAT" + struct.pack(">I", zlib.crc32(b"IDAT")), b"gAMA", b"\0\0\1\0")):
        with pytest.raises(pixels.Unreadable, match="has 4,294,836,225 pixels"):
            pixels.decode(data, "bomb")


def test_a_text_that_unpacks_to_too_much_is_refused():
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "x" * 40_000_000, zip=True)
    with pytest.raises(pixels.Unreadable, match="damaged"):
        pixels.decode(file_of(picture(), "PNG", pnginfo=info), "it")
    info = PngImagePlugin.PngInfo()
    info.add_text("workflow", "x" * 4_000_000, zip=True)
    np.testing.assert_array_equal(read(file_of(picture(), "PNG", pnginfo=info)), picture())


def test_a_photograph_of_endless_scans_is_refused():
    data = file_of(picture(), "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    assert read(data[:-2] + last * 3 + data[-2:]).shape == picture().shape
    with pytest.raises(pixels.Unreadable, match="more than 100 scans"):
        pixels.decode(data[:-2] + last * 300 + data[-2:], "it")


def test_the_limit_must_be_a_number_of_pixels(limit):
    with pytest.raises(InputError, match="--max-pixels=0"):
        limit(0)
    limit(5)
    assert pixels.allowed() == 5


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize(
    ("at_least", "by"),
    [((1, 1), 8), ((30, 50), 8), ((31, 50), 4), ((60, 100), 4), ((60, 101), 2), ((200, 300), 1), ((9999, 1), 1)],
)
@pytest.mark.parametrize("how", [{}, {"icc_profile": wide_gamut()}])
def test_a_photograph_comes_no_smaller_than_asked_for(orientation, at_least, by, how):
    photograph = picture(240, 400)
    data = oriented(photograph, orientation, "JPEG", quality=95, **how)
    found = read(data, at_least=at_least)
    assert found.shape == (240 // by, 400 // by, 3)
    mean = read(data).reshape(240 // by, by, 400 // by, by, 3).mean(axis=(1, 3))
    assert np.abs(found - mean).max() < 8, "the same picture"


def test_only_jpeg_comes_smaller():
    assert read(file_of(picture(240, 400), "PNG"), at_least=(24, 40)).shape == (240, 400, 3)


def test_libraries_print_nothing(tmp_path):
    """Damaged files that libjpeg, libpng, libtiff and Pillow have something to say of, in a process of their own."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    jpeg, png = file_of(noise, "JPEG"), file_of(noise, "PNG")
    tiff = bytearray(file_of(noise, "TIFF", compression="tiff_lzw"))
    tiff[20:2000] = bytes(1980)
    damaged = bytearray(jpeg)
    damaged[-400:-200] = bytes(200)
    many = bytearray(file_of(noise, "TIFF"))
    at = many.index(struct.pack("<HHI", 277, 3, 1))  # samples a pixel
    many[at + 8 : at + 10] = struct.pack("<H", 999)
    exif = jpeg[:2] + b"\xff\xe1\0\x16Exif\0\0II*\0\x08\0\0\0\x09\0aaaa" + jpeg[2:]
    for name, data in {
        "a": damaged,
        "b": png[:-900] + b"1" * 888,
        "c": bytes(tiff),
        "d": exif,
        "e": png[:40],
        "f": bytes(many),
    }.items():
        (tmp_path / name).write_bytes(data)
    code = (
        "import sys\nfrom datasets.images import pixels\n"
        "for path in sys.argv[1:]:\n"
        "    try: pixels.read(path)\n"
        "    except pixels.Unreadable: pass\n"
    )
    files = sorted(map(str, tmp_path.iterdir()))
    done = subprocess.run([sys.executable, "-W", "always", "-c", code, *files], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_half_a_file_is_no_picture_whatever_another_library_has_told_pillow(kind, monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)  # GluonCV does, when it is imported
    whole = file_of(picture(200, 300), kind)
    with pytest.raises(pixels.Unreadable, match="damaged or ends early|not an image"):
        read(whole[: len(whole) // 2])
