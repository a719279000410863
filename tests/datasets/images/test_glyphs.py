"""Glyphs are many, legible, different from each other, and the same on every call."""

import numpy as np
import pytest

from datasets.drawing import characters as drawn
from datasets.errors import InputError
from datasets.images import glyphs


@pytest.fixture(scope="module")
def glyph_set():
    return glyphs.load()


@pytest.fixture(scope="module")
def faces():
    return drawn.faces()


@pytest.fixture(scope="module")
def characters(glyph_set):
    return [chr(int(name.split()[0].removeprefix("U+"), 16)) for name in glyph_set.class_names]


def test_size(glyph_set):
    classes = len(glyph_set.class_names)
    assert 500 <= classes <= 700
    assert glyph_set.images.shape == (16 * classes, 32, 32, 3) and glyph_set.images.dtype == np.uint8
    assert np.array_equal(np.bincount(glyph_set.labels), np.full(classes, 16))
    assert glyph_set.size == 32


def test_seven_in_ten_classes_train_and_they_are_spread_over_the_alphabet(glyph_set):
    train = np.unique(glyph_set.labels[glyph_set.train])
    assert len(train) == round(0.7 * len(glyph_set.class_names))
    quarters = np.histogram(train, bins=4, range=(0, len(glyph_set.class_names)))[0]
    assert quarters.min() > 0.8 * len(train) / 4


def test_another_call_draws_the_same(glyph_set):
    fingerprint = glyph_set.fingerprint()
    glyphs._generated.cache_clear()
    again = glyphs.load()
    assert again.images is not glyph_set.images
    assert again.fingerprint() == fingerprint


def test_images_cannot_be_spoilt_for_others(glyph_set):
    with pytest.raises(ValueError, match="read-only"):
        glyph_set.images[0] = 0


def test_every_class_is_drawn_by_several_faces(characters, faces):
    assert len(faces) == 16
    counts = [sum(character in covered for _, covered in faces.values()) for character in characters]
    assert min(counts) >= 8


def test_no_face_draws_the_box_of_a_missing_character(characters, faces):
    for font, covered in faces.values():
        box = drawn.drawing("\U000e0fff", font)  # a code point that no font has
        for character in characters[::7]:
            if character in covered:
                drawing = drawn.drawing(character, font)
                assert drawing.shape != box.shape or not np.array_equal(drawing, box)


def test_no_class_is_an_accented_form_or_a_twin_of_another(characters, faces):
    assert len({"A", "\u0391", "\u0410"} & set(characters)) == 1  # Latin A, Greek Alpha, Cyrillic A
    assert len({"c", "C", "\u03f2", "\u0441"} & set(characters)) == 1
    assert "\u00e9" not in characters
    rows = drawn.unit_rows([drawn.drawing(character, faces["DejaVuSans"][0]) for character in characters], 0.0)
    alike = rows @ rows.T
    np.fill_diagonal(alike, 0.0)
    assert alike.max() < drawn.LOOK_ALIKE


def test_every_image_shows_ink_on_paper(glyph_set):
    grey = glyph_set.images[::5].astype(np.float32).mean(axis=3)
    dark, light = np.percentile(grey, [1, 90], axis=(1, 2))
    assert (light - dark).min() > 20
    assert (light - dark).mean() > 80


def test_images_of_a_class_differ(glyph_set):
    one_class = glyph_set.images[glyph_set.labels == 40].astype(np.float32)
    gaps = np.abs(one_class[:, None] - one_class[None]).mean(axis=(2, 3, 4))
    assert gaps[~np.eye(16, dtype=bool)].min() > 5


def test_posed_puts_the_middle_where_it_is_told():
    drawing = np.zeros((40, 24), np.uint8)
    drawing[drawn.MARGIN : -drawn.MARGIN, drawn.MARGIN : -drawn.MARGIN] = 255
    for angle, shift in ((0.0, (0.0, 0.0)), (25.0, (0.0, 0.0)), (-30.0, (2.0, -1.0))):
        ink = drawn.posed(drawing, angle=angle, shift=np.array(shift)).astype(float)
        rows, columns = np.indices(ink.shape)
        assert (columns * ink).sum() / ink.sum() == pytest.approx(15.5 + shift[0], abs=0.2)
        assert (rows * ink).sum() / ink.sum() == pytest.approx(15.5 + shift[1], abs=0.2)
    upright = drawn.posed(drawing, angle=0.0) > 127
    assert upright.any(axis=1).sum() == pytest.approx(24, abs=1)  # 3/4 of 32 pixels


def test_pixels_alone_do_not_solve_it(glyph_set):
    test = glyph_set.query
    pixels = glyph_set.images[test].reshape(len(test), -1).astype(np.float32)
    squares = (pixels**2).sum(axis=1)
    distances = squares[:, None] + squares - 2 * pixels @ pixels.T
    np.fill_diagonal(distances, np.inf)
    labels = glyph_set.labels[test]
    assert 0.1 < (labels[distances.argmin(axis=1)] == labels).mean() < 0.45


def test_there_are_no_boxes():
    with pytest.raises(InputError, match="glyphs has no boxes"):
        glyphs.load(boxes=True)
