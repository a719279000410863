"""Looks: a picture as a small vector without any network, by which near-duplicates are found."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
from tqdm import tqdm

from datasets.images import pixels
from datasets.images.skipped import Skipped

SIDE = 10  # pixels of the picture that is compared
THRESHOLD = 0.95  # likeness of near-duplicates: of 2,800 different photographs, 3 of 3.9 million pairs are above it
_ENOUGH = 8 * SIDE  # pixels of height and width that it is made of
_FLAT = 1.0  # grey levels by which a picture must vary to have a look
_CHUNK = 64  # pictures that a thread takes at a time


def looks(paths: Sequence[str], skipped: Skipped, *, workers: int = 2, progress: bool = False) -> np.ndarray:
    """(N, 3 * SIDE * SIDE) float32 of N pictures: unit rows whose products are the likeness of two, at most 1.

    Each is shrunk to 10 x 10 pixels, less their mean: a copy that was scaled, packed anew or made brighter stays above
    ``THRESHOLD``. The row is zero, and like no other, where a picture is of one colour, or cannot be read, which is
    noted in ``skipped``.
    """
    chunks = [paths[start : start + _CHUNK] for start in range(0, len(paths), _CHUNK)]

    def work(chunk: Sequence[str]) -> np.ndarray:
        return np.stack([_read(path, skipped) for path in chunk])

    found = []
    with (
        ThreadPoolExecutor(workers) as pool,
        tqdm(total=len(paths), desc="look", unit="image", disable=not progress, leave=False) as bar,
    ):
        for part in pool.map(work, chunks):
            found.append(part)
            bar.update(len(part))
            skipped.look(len(part))
    return np.concatenate([np.zeros((0, 3 * SIDE * SIDE), np.float32), *found])


def _read(path: str, skipped: Skipped) -> np.ndarray:
    try:
        return look(pixels.read(path, at_least=(_ENOUGH, _ENOUGH)))
    except pixels.Unreadable as error:
        skipped.add(error)
        return np.zeros(3 * SIDE * SIDE, np.float32)


def look(image: np.ndarray) -> np.ndarray:
    """(3 * SIDE * SIDE,) float32 of one picture (H, W, 3) uint8; zero where it is of one colour."""
    small = cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    small -= small.mean()
    length = float(np.linalg.norm(small))
    # One colour has no look, though its three channels differ.
    varies = small.reshape(-1, 3).std(axis=0).max() > _FLAT
    return small / length if varies else np.zeros_like(small)
