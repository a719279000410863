"""Engine: pictures of one size to vectors, whoever computes; and the facts of a network that one needs for it."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np


@dataclass(frozen=True)
class Facts:
    """What must be known of a network to prepare pictures for it and to use what it gives.

    network : a short hash of its weights, to tell two apart
    model : its trunk
    size, resize : as in ``decode.fit``
    dim : D, numbers of a vector; of codes, their bits
    codes : whether the signs of what it gives are the bits of a code
    similarity : by which its vectors are compared: cosine, or order of image-text networks
    """

    network: str
    model: str
    size: tuple[int, int]
    resize: str
    dim: int
    codes: bool = False
    similarity: str = "cosine"


class Engine(Protocol):
    """Computes what a network makes of pictures.

    name : mxnet or onnx
    """

    name: str
    facts: Facts

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """What the network makes of uint8 RGB images (B, H, W, 3): (B, D) float32; any B."""
