"""CNNH: codes first, then a network for them (Xia, Pan, Lai, Liu, Yan, "Supervised hashing for image retrieval via
image representation learning", AAAI 2014).
"""

from types import ModuleType

import numpy as np

from embedding.mx import Array, nd
from hashing.losses.base import HashLoss
from hashing.mining import factorisation


class CNNHLoss(HashLoss):
    """The mean over images and bits of the cross-entropy of the bits that were made for the training images before.

    What the head gives, z, says that a bit is 1 with probability sigmoid(z). The bits are those of ``prepare``: signs
    of a factorised similarity of all training images. The paper's CNNH+, which tells classes besides, is left out.

    bits : code length K; classes : not asked for
    """

    tanh = False

    def __init__(self, *, bits: int, classes: int) -> None:
        super().__init__()
        self._bits = bits

    def prepare(self, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Bits (N, K) uint8 of all training images: ``factorisation.codes``."""
        return factorisation.codes(labels, self._bits, rng)

    def forward(self, activations: nd.NDArray, labels: nd.NDArray) -> nd.NDArray:
        """The loss, (1,), of activations (B, K) and the bits (B, K) of these images, ones and zeros."""
        return super().forward(activations, labels.astype("float32", copy=False))

    def hybrid_forward(self, F: ModuleType, activations: Array, bits: Array) -> Array:
        unlikely = F.Activation((1 - 2 * bits) * activations, act_type="softrelu")  # -log p
        return F.reshape(F.mean(unlikely), shape=(-1,))


Loss = CNNHLoss
