"""Digits, the built-in smoke test: scikit-learn's handwritten digits; 0 to 4 train, 5 to 9 test."""

from pathlib import Path

import cv2
import numpy as np
from sklearn.datasets import load_digits

from datasets.errors import InputError
from datasets.images.base import ImageSet, split_by_class

SIDE = 28  # pixels; the original is 8 x 8 with 17 grey levels


def load(root: str | Path | None = None, *, boxes: bool = False) -> ImageSet:
    """The 1,797 digits as an array (1797, 28, 28, 3) uint8, white on black; ``root`` is ignored.

    From the UCI set "Optical Recognition of Handwritten Digits" (Alpaydin, Kaynak 1998), which scikit-learn ships.
    Raises InputError where ``boxes`` are asked for.
    """
    if boxes:
        raise InputError("dataset digits has no boxes: do not ask for crops to boxes")
    digits = load_digits()
    labels = digits.target.astype(np.int64)
    return ImageSet(
        name="digits",
        images=np.stack([_enlarged(image) for image in digits.images]),
        labels=labels,
        class_names=tuple(map(str, range(10))),
        size=SIDE,
        **split_by_class(labels, np.arange(5)),
    ).check()


def _enlarged(image: np.ndarray) -> np.ndarray:
    """(8, 8) of 0 to 16 -> (28, 28, 3) uint8."""
    grey = cv2.resize(image * (255 / 16), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    return np.repeat(np.rint(grey).astype(np.uint8)[..., None], 3, axis=2)
