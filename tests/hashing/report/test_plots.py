"""The pictures of codes: what is drawn, in which colour, and that any name can be written."""

import cv2
import numpy as np
import pytest

from embedding.report.plots import ACCENT, RIGHT, WRONG, colours
from hashing.evaluation.histograms import Histograms
from hashing.evaluation.scores import Curves
from hashing.report import plots

ODD_NAMES = ("$x_1$ and $", "_hidden", "中文", "a_very_long_name_of_a_run_that_goes_on_and_on_and_on", "")


def pixels(png: bytes) -> np.ndarray:
    return cv2.cvtColor(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def share(image: np.ndarray, rgb) -> float:
    """The share of pixels that have this colour."""
    if isinstance(rgb, str):
        rgb = [int(rgb[i : i + 2], 16) for i in (1, 3, 5)]
    return float((np.abs(image.astype(int) - rgb).max(axis=2) < 4).mean())


def curve(bits: int, level: float) -> Curves:
    return Curves(np.linspace(level, 0.1, bits + 1), np.linspace(0, 1, bits + 1))


def histograms(similar: list[int], dissimilar: list[int]) -> Histograms:
    return Histograms(np.array([similar]) + np.array([dissimilar]), np.array([similar]))


def drawn(balance=0.5, correlation=None, distances=None, *, bits: int = 8, radius: int = 2) -> np.ndarray:
    correlation = np.eye(bits) if correlation is None else correlation
    flat = histograms([1] * (bits + 1), [1] * (bits + 1)) if distances is None else distances
    return pixels(plots.statistics(np.full(bits, balance), correlation, flat, radius=radius))


def test_a_line_a_file():
    runs = {f"run {i}": curve(8 * (i + 1), 0.9 - 0.2 * i) for i in range(3)}
    image = pixels(plots.precision_recall(runs, radius=2))
    for colour in 255 * colours(3):
        assert share(image, colour) > 0.001
    assert share(image, 255 * colours(4)[3]) == 0


def test_the_radius_is_marked():
    few, many = (pixels(plots.precision_recall({"a": curve(8, 0.9)}, radius=r)) for r in (0, 4))
    middle = few.shape[1] // 4, few.shape[1] // 2
    inside = [share(image[:, slice(*middle)], 255 * colours(1)[0]) for image in (few, many)]
    assert inside[1] > 1.1 * inside[0], "the dot stands where the radius is"
    assert pixels(plots.precision_recall({"a": curve(8, 0.9)}, radius=64)).shape == few.shape, "or at the last"


@pytest.mark.parametrize("count", (1, 5, 30))
def test_names_of_any_kind_and_number(count):
    names = [f"{ODD_NAMES[i % 5]}{i // 5 or ''}" for i in range(count)]
    image = pixels(plots.precision_recall({name: curve(16, 0.5) for name in names}, radius=2))
    assert 0.5 < (image == 255).all(axis=2).mean() < 1


def test_bars_are_as_high_as_the_share_of_ones():
    quarter, half = (share(drawn(balance), ACCENT) for balance in (0.25, 0.5))
    assert half == pytest.approx(2 * quarter, rel=0.05) and quarter > 0


def test_similar_pairs_are_green_and_dissimilar_ones_red():
    both = drawn()
    assert share(both, RIGHT) > 0 and share(both, WRONG) > 0
    none = drawn(distances=histograms([0] * 9, [5, *[0] * 8]))
    assert share(none, WRONG) > 0, "no similar pair at all is no mistake"


def test_each_kind_of_pairs_is_a_share_of_its_own():
    """A hundred times as many dissimilar pairs change only the number in the legend, which stands at the right."""
    few, many = (drawn(distances=histograms([0, 3, 1, *[0] * 6], [0] * 6 + [n, n, 0])) for n in (1, 100))
    height, width = few.shape[:2]
    curves = slice(height // 3, None), slice(width // 3, 2 * width // 3)
    assert (few[curves] == many[curves]).all()


def test_correlation_is_red_and_blue():
    red, blue = ([103, 0, 31], [5, 48, 97])
    plain, contrary = np.eye(8), 2 * np.eye(8) - 1
    assert share(drawn(correlation=contrary), blue) > 5 * share(drawn(correlation=plain), blue)
    assert share(drawn(correlation=np.ones((8, 8))), red) > 5 * share(drawn(correlation=plain), red)


@pytest.mark.parametrize("bits", (8, 1024))
def test_codes_of_any_length(bits):
    assert drawn(bits=bits).shape == drawn().shape
