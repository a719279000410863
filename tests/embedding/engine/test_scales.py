"""Scales: bilinear places, power means and whitening as plain numpy has them, alone or among others."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from datasets.errors import InputError
from embedding.engine import base
from embedding.engine.base import Facts
from embedding.engine.scales import Scales, parse_scales, power_mean, scaled

SCALES = (1.0, 2**-0.5, 0.5)


class Moments:
    """An engine of six numbers a picture, that a different size or place of its pixels changes."""

    name = "moments"

    def __init__(self, least: int = 1, **facts) -> None:
        self.facts = replace(Facts("a", "moments", (8, 8), "own", 6), **facts)
        self._least, self.seen = least, []

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        if min(pixels.shape[1:3]) < self._least:
            raise RuntimeError("too small")
        self.seen.append(pixels.shape)
        wide = pixels.astype(np.float64)
        across = (wide * np.arange(1, pixels.shape[2] + 1)[:, None]).mean(axis=(1, 2))
        return np.concatenate([wide.mean(axis=(1, 2)), across + (wide**2).mean(axis=(1, 2))], axis=1).astype(np.float32)


def pictures(*sizes: tuple[int, int]) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (*size, 3), np.uint8) for size in sizes]


def plain(picture: np.ndarray, scale: float) -> np.ndarray:
    """The picture at a scale, pixel by pixel."""
    (height, width), wide = picture.shape[:2], picture.astype(np.float64)
    high, broad = int(height * scale), int(width * scale)
    found = np.zeros((high, broad, 3))
    for i in range(high):
        for j in range(broad):
            y, x = max(0, (i + 0.5) * height / high - 0.5), max(0, (j + 0.5) * width / broad - 0.5)
            top, left = int(y), int(x)
            bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
            above = wide[top, left] * (1 - x + left) + wide[top, right] * (x - left)
            below = wide[bottom, left] * (1 - x + left) + wide[bottom, right] * (x - left)
            found[i, j] = above * (1 - y + top) + below * (y - top)
    return found


@pytest.mark.parametrize("scale", [0.5, 2**-0.5, 0.3, 1.5])
@pytest.mark.parametrize("size", [(31, 20), (16, 16), (7, 40)])
def test_a_scaled_picture_lies_between_its_pixels(size, scale):
    (picture,) = pictures(size)
    found = scaled(picture, scale)
    assert found.dtype == np.float32 and found.shape[:2] == (int(size[0] * scale), int(size[1] * scale))
    np.testing.assert_allclose(found, plain(picture, scale), atol=1e-3)


def test_at_scale_1_it_is_the_picture_and_no_side_is_nothing():
    (picture,) = pictures((1, 9))
    assert scaled(picture, 1.0) is picture
    assert scaled(picture, 0.3).shape == (1, 2, 3)


def whole(picture: np.ndarray, power: float) -> np.ndarray:
    """What ``Scales`` is to make of a picture."""
    seen = [picture if scale == 1 else plain(picture, scale) for scale in SCALES]
    vectors = [Moments()(pixels[None])[0].astype(np.float64) for pixels in seen]
    powers = [(vector / np.linalg.norm(vector)) ** power for vector in vectors]
    mean = (sum(powers) / len(powers)) ** (1 / power)
    return mean / np.linalg.norm(mean)


@pytest.mark.parametrize("power", [1.0, 3.0, 2.92])
def test_vectors_are_the_power_mean_over_scales(power):
    several = pictures((31, 20), (9, 44), (12, 12))
    found = Scales(Moments(), SCALES, power=power).each(several)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [whole(picture, power) for picture in several], atol=1e-6)


def test_a_high_power_of_small_numbers_is_no_nothing():
    vectors = np.full((2, 100), 0.1, np.float32) * np.float32([[1], [2]])
    np.testing.assert_allclose(power_mean(vectors, 80.0), np.full(100, 0.1), rtol=1e-6)


def test_no_vector_depends_on_what_stands_beside_it():
    several, engine = pictures(*[(8 + i, 30 - i) for i in range(20)]), Scales(Moments(), SCALES, power=3.0)
    together = engine.each(several)
    alone = np.concatenate([engine.each([picture]) for picture in several])
    assert together.tobytes() == alone.tobytes()
    alike = pictures((9, 9), (9, 9))
    np.testing.assert_allclose(engine(np.stack(alike)), engine.each(alike), atol=1e-7)
    assert engine(np.zeros((0, 8, 8, 3), np.uint8)).shape == (0, 6)


def halved(vectors: np.ndarray) -> np.ndarray:
    rows = vectors[:, :3] - vectors[:, 3:]
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_whitening_comes_last():
    several = pictures((31, 20), (12, 12))
    engine = Scales(Moments(), SCALES, power=3.0, whiten=halved)
    assert engine.facts.dim == 3
    np.testing.assert_allclose(engine.each(several), halved(Scales(Moments(), SCALES, power=3.0).each(several)))


def test_it_is_another_network_by_all_that_makes_its_vectors():
    made = [
        Scales(Moments(), SCALES),
        Scales(Moments(), SCALES[:2]),
        Scales(Moments(), SCALES, power=3.0),
        Scales(Moments(), SCALES, whiten=halved),
        Scales(Moments(network="b"), SCALES),
    ]
    assert len({engine.facts.network for engine in made} | {"a"}) == 6
    again = Scales(Moments(), SCALES, whiten=pickle.loads(pickle.dumps(halved)))
    assert again.facts.network == made[3].facts.network


def test_a_scale_at_which_a_picture_is_too_small_is_left_out_and_said_once(caplog):
    (small,) = pictures((10, 30))
    with caplog.at_level("INFO"):
        engine = Scales(Moments(least=8), SCALES)
        found = engine.each([small, small])
    assert [record.message for record in caplog.records] == [
        "a picture of 30 x 10 pixels is too small at scale 0.707, 0.5: left out of its mean"
    ]
    np.testing.assert_allclose(found, Scales(Moments(), (1.0,)).each([small, small]))
    with pytest.raises(ValueError, match="too small at every scale"):
        engine.each(pictures((7, 30)))
    assert base.smallest(engine) == 8 and base.smallest(Scales(Moments(least=8), (0.5, 0.3))) == 16


def test_codes_have_no_scales():
    with pytest.raises(InputError, match="--multiscale, --whitening: moments gives codes"):
        Scales(Moments(codes=True), SCALES)


@pytest.mark.parametrize(
    "text, scales",
    [
        ("[1, 1/2**(1/2), 1/2]", SCALES),
        ("1", (1.0,)),
        (" (1.5-.5, +0.5, 2**-0.5) ", (1.0, 0.5, 2**-0.5)),
        ("1,0.5", (1.0, 0.5)),
    ],
)
def test_scales_are_read(text, scales):
    assert parse_scales(text, "--multiscale") == pytest.approx(scales)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "[a]", "[1, 0]", "-1", "9", "9**9**9**9", "1/0", "(-1)**0.5", "[True]", "'1'", "1e999", "[1,,2]", "nan"]
    + ["__import__('os').abort()", "[" * 500, "1+" * 5000 + "1", str([1] * 17), "[[1]]", "1j", "0\0"],
)
def test_what_are_no_scales_is_one_line(text):
    with pytest.raises(InputError, match="--multiscale=.*give 1 to 16 numbers above 0 and up to 8"):
        parse_scales(text, "--multiscale")


def test_the_smallest_side_is_found_whatever_fails():
    assert [base.smallest(Moments(least=least)) for least in (1, 3, 32, 513)] == [1, 4, 32, 0]
    rng = np.random.default_rng(0)
    assert base.smallest(lambda pixels: np.full((2, 3), np.nan) if len(pixels[0]) < 4 else rng.random((2, 3))) == 4
    assert base.smallest(lambda pixels: np.ones((2, 3)) if len(pixels[0]) < 4 else rng.random((2, 3))) == 4
    assert base.smallest(lambda pixels: np.ones((2, 3))) == 1  # it has collapsed
