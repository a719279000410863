"""Engine: pictures to vectors, whoever computes; and the facts of a network that one needs for it."""

import io
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Protocol

import numpy as np

_SIDES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)  # of pictures that a network is tried with


@dataclass(frozen=True)
class Facts:
    """What must be known of a network to prepare pictures for it and to use what it gives.

    network : a short hash of its weights, to tell two apart
    model : its trunk
    size, resize : as in ``decode.fit``; of pictures at their own proportions the longest side, twice
    dim : D, numbers of a vector; of codes, their bits
    codes : whether the signs of what it gives are the bits of a code
    similarity : by which its vectors are compared: cosine, or order of image-text networks
    power : exponent of the mean in which the vectors of several scales of a picture are joined: 1, or p of GeM
    """

    network: str
    model: str
    size: tuple[int, int]
    resize: str
    dim: int
    codes: bool = False
    similarity: str = "cosine"
    power: float = 1.0


class Engine(Protocol):
    """Computes what a network makes of pictures.

    name : mxnet or onnx
    One that can be at several pictures of different sizes at once has a method ``each`` too, which ``each`` calls; one
    that may be unable to take other sizes than that of its facts tells by ``one_size``.
    """

    name: str
    facts: Facts

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """What the network makes of RGB images (B, H, W, 3) of 0..255, uint8 or float32: (B, D) float32; any B."""


def each(engine: Callable[[np.ndarray], np.ndarray], pictures: Sequence[np.ndarray]) -> np.ndarray:
    """What ``engine`` makes of each of at least one pictures (H, W, 3), every one alone: (B, D) float32.

    So the vector of a picture does not depend on what others there are.
    engine : an Engine, or what computes like one
    """
    together = getattr(engine, "each", None)
    return together(pictures) if together else np.concatenate([engine(picture[None]) for picture in pictures])


def smallest(engine: Callable[[np.ndarray], np.ndarray]) -> int:
    """The least side of a picture that ``engine`` takes, a power of 2; 0 where it takes none of up to 512.

    One that knows says so by ``least``; one that must not be tried with small ones, by ``safe`` from where it may.
    Of a picture whose features have no place left some networks make the same numbers, whatever it shows: such a side
    does not count, unless every one is so.
    """
    if (known := getattr(engine, "least", None)) is not None:
        return known
    first = 0
    for side in (side for side in _SIDES if side >= getattr(engine, "safe", 1)):
        made = _tried(engine, (side, side))
        if made is not None and np.isfinite(made).all() and (made[0] != made[1]).any():
            return side
        first = first or side * (made is not None)
    return first


def takes(engine: Callable[[np.ndarray], np.ndarray], size: tuple[int, int]) -> bool:
    """Whether ``engine`` makes anything of a picture of that height and width."""
    return _tried(engine, size) is not None


def _tried(engine: Callable[[np.ndarray], np.ndarray], size: tuple[int, int]) -> np.ndarray | None:
    """What ``engine`` makes of two pictures, (2, D), one of them black; None where it fails."""
    pictures = np.random.default_rng(0).integers(0, 256, (2, *size, 3), np.uint8)
    pictures[0] = 0
    try:
        with redirect_stdout(io.StringIO()):  # MXNet prints what it knew of shapes, and then raises
            return engine(pictures)
    except Exception:  # MXNet raises RuntimeError or ValueError, ONNX Runtime one of its own for each way to fail
        return None
