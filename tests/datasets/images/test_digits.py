"""Digits are scikit-learn's, enlarged, split by digit."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from datasets.errors import InputError
from datasets.images import digits


def test_low_digits_train_and_high_digits_test():
    digit_set = digits.load()
    assert digit_set.images.shape == (1797, 28, 28, 3) and digit_set.images.dtype == np.uint8
    assert set(digit_set.labels[digit_set.train]) == {0, 1, 2, 3, 4}
    assert set(digit_set.labels[digit_set.query]) == {5, 6, 7, 8, 9}
    assert digit_set.leave_one_out


def test_images_are_the_originals_enlarged():
    images = digits.load().images
    assert np.array_equal(images[..., 0], images[..., 1]) and np.array_equal(images[..., 0], images[..., 2])
    places = (np.arange(28) + 0.5) * 8 / 28 - 0.5  # the middle of each pixel on the 8 x 8 grid
    for enlarged, original in zip(images[:20], load_digits().images[:20], strict=True):
        wide = np.stack([np.interp(places, np.arange(8), row) for row in original])
        expected = np.stack([np.interp(places, np.arange(8), column) for column in wide.T], axis=1) * 255 / 16
        assert np.abs(enlarged[..., 0] - expected).max() <= 0.51


def test_there_are_no_boxes():
    with pytest.raises(InputError, match="digits has no boxes"):
        digits.load(boxes=True)
