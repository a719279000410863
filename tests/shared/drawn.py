"""Drawn photographs of three colours, for the tests in a browser."""

from pathlib import Path

import cv2
import numpy as np

COLOURS = {"red": (200, 30, 30), "green": (30, 180, 40), "blue": (30, 50, 210)}


def draw(path: Path, colour, seed: int, side=160) -> Path:
    """A picture of one colour with a light square somewhere."""
    rng = np.random.default_rng(seed)
    pixels = np.clip(np.array(colour) + rng.normal(0, 12, (side, side, 3)), 0, 255).astype(np.uint8)
    left, top = rng.integers(0, side // 2, 2)
    pixels[top : top + side // 3, left : left + side // 3] = rng.integers(120, 255, 3)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), pixels[:, :, ::-1])
    return path


def photos(folder: Path, each: int) -> Path:
    """``each`` pictures of each colour, a class a folder."""
    for number, (name, colour) in enumerate(COLOURS.items()):
        for count in range(each):
            draw(folder / name / f"{count:03d}.jpg", colour, seed=1000 * number + count)
    return folder
