"""The pictures: what is where, in which colour, and that any class name can be written."""

import cv2
import numpy as np
import pytest

from embedding.report import plots
from embedding.report.plots import Tile

ODD_NAMES = ("$x_1$ and $", "glyph \u4e2d\u6587", "a_very_long_name_of_a_class_that_goes_on_and_on", "", "two\nlines")


def pixels(png: bytes) -> np.ndarray:
    return cv2.cvtColor(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def share(image: np.ndarray, colour: str) -> float:
    rgb = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return float((np.abs(image.astype(int) - rgb).max(axis=2) < 4).mean())


def grey(value: int) -> np.ndarray:
    return np.full((20, 20, 3), value, np.uint8)


def test_thinning_takes_the_place_nearest_to_the_middle_of_each_cell():
    rng = np.random.default_rng(0)
    places = np.concatenate([[[0, 0], [10, 5]], rng.random((300, 2)) * (10, 5)])  # the corners fix the grid
    cells = plots.thin(places, 10, 5)
    expected = {}
    for i, (x, y) in enumerate(places):
        column, row = min(int(x), 9), min(int(y), 4)
        off = max(abs(x - column - 0.5), abs(y - row - 0.5))
        expected[column, 4 - row] = min(expected.get((column, 4 - row), (9, 0)), (off, i))
    assert cells == {cell: i for cell, (_, i) in expected.items()}


def test_thinning_places_that_coincide():
    assert plots.thin(np.ones((7, 2)), 4, 3).keys() == {(0, 2)}


def test_map_of_images_puts_thumbnails_into_their_cells():
    image = pixels(plots.map_of_images({(0, 0): grey(10), (3, 1): grey(90)}, 4, 2, side=24))
    assert image.shape == (48, 96, 3)
    assert (image[2:22, 2:22] == 10).all() and (image[26:46, 74:94] == 90).all()
    assert (image == 255).all(axis=2).mean() == pytest.approx(1 - 2 * 400 / (48 * 96))


@pytest.mark.parametrize("classes", [1, 2, 15, 24, 25, 200])
def test_map_of_classes_gives_every_class_its_colour(classes):
    labels = np.repeat(np.arange(classes) * 3, 5)
    places = np.random.default_rng(0).normal(size=(len(labels), 2))
    image = pixels(plots.map_of_classes(places, labels, {int(label): ODD_NAMES[label % 5] for label in labels}))
    assert 0.5 < (image == 255).all(axis=2).mean() < 1
    assert len(np.unique(plots.colours(classes).round(3), axis=0)) == classes


def test_right_and_wrong_images_are_framed():
    def frames(*right: bool) -> tuple[float, float]:
        nearest = [Tile(grey(128), ODD_NAMES[i], r) for i, r in enumerate(right)]
        image = pixels(plots.grid_of_nearest([(Tile(grey(128), "query"), nearest)]))
        return share(image, plots.RIGHT), share(image, plots.WRONG)

    assert frames(True, True)[1] == 0 < frames(True, True)[0]
    assert frames(False, False)[0] == 0 < frames(False, False)[1]
    mostly_right = frames(True, True, True, False)
    assert mostly_right[0] > 2 * mostly_right[1] > 0


def test_rows_of_the_grid_may_differ_in_length():
    rows = [(Tile(grey(1), "a"), [Tile(grey(2), "b")] * 3), (Tile(grey(1), "a"), [])]
    assert pixels(plots.grid_of_nearest(rows)).shape[1] > 300


def test_a_sentence_may_ask_and_images_be_neither_right_nor_wrong():
    tiles = [Tile(grey(128), name, None) for name in ODD_NAMES]
    image = pixels(plots.grid_of_nearest([(" ".join(ODD_NAMES), tiles), ("$x^", [])]))
    assert share(image, plots.RIGHT) == share(image, plots.WRONG) == 0 < share(image, plots.MUTED)
    bare = pixels(plots.grid_of_nearest([("", tiles), ("", [])]))
    assert bare.shape == image.shape and share(image, plots.INK) > share(bare, plots.INK) == 0


def test_curves_draw_what_was_measured():
    epochs = [{"epoch": i, "loss": 1 / i, "images_per_second": 800.0} for i in (1, 2, 3)]
    with_validation = [epoch | {"validation recall@1": 0.5, "validation nmi": None} for epoch in epochs]
    two, three = (pixels(plots.curves(lines)).shape[1] for lines in (epochs, with_validation))
    assert three == pytest.approx(1.5 * two, abs=2)
    assert pixels(plots.curves([{"epoch": 1, "loss": 0.5}])).shape[1] == pytest.approx(two / 2, abs=2)
    assert share(pixels(plots.curves(epochs)), plots.ACCENT) > 0
