"""A Gluon network as an engine: MXNet computes, on the CPU or on the devices that ``--gpus`` names."""

import numpy as np

from embedding.engine.base import Facts
from embedding.mx import gluon, mx, nd


def forward(net: gluon.Block, contexts: list[mx.Context], pixels: np.ndarray) -> np.ndarray:
    """What ``net`` on ``contexts``, which share them, makes of RGB images (B, H, W, 3) of 0..255: (B, D) float32."""
    parts = gluon.utils.split_and_load(nd.array(pixels, dtype=pixels.dtype), contexts, even_split=False)
    return np.concatenate([out.asnumpy() for out in [net(part) for part in parts]])


class GluonEngine:
    """The Engine of a Gluon network whose weights lie on ``contexts``, which share every batch.

    net : uint8 RGB images (B, H, W, 3) to (B, D)
    """

    name = "mxnet"

    def __init__(self, net: gluon.Block, facts: Facts, contexts: list[mx.Context]) -> None:
        self.facts = facts
        self._net, self._contexts = net, contexts
        self._compiled: dict[tuple[int, int], int] = {}

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """What the network makes of RGB images (B, H, W, 3) of 0..255: (B, D) float32."""
        count = len(pixels)
        if not count:
            return np.empty((0, self.facts.dim), np.float32)
        return forward(self._net, self._contexts, self._filled(pixels))[:count]

    def _filled(self, pixels: np.ndarray) -> np.ndarray:
        """``pixels`` filled up with its last image to the largest batch of this size so far.

        A network compiled for one shape of batch would be compiled again for the last one, which is smaller.
        """
        size = pixels.shape[1:3]
        batch = self._compiled[size] = max(len(pixels), len(self._contexts), self._compiled.get(size, 0))
        return np.concatenate([pixels, np.repeat(pixels[-1:], batch - len(pixels), axis=0)])
