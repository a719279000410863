"""Central similarity quantisation (Yuan, Wang, Zhang, Tay et al., "Central similarity quantization", CVPR 2020)."""

import math
from types import ModuleType

import numpy as np
from scipy.linalg import hadamard

from embedding.mx import Array, nd
from hashing.losses.base import HashLoss

_DRAWS = 32  # of which the one farthest from the centres so far becomes a centre


def hash_centres(classes: int, bits: int, seed: int) -> np.ndarray:
    """(C, K) of 1 and -1, far from each other: a code for each class.

    Where the code length is a power of two, at least half as large as the number of classes, they are rows of the
    Hadamard matrix and of its opposite, which differ in half of the bits or in all. Otherwise half of the bits of each
    are 1, drawn at random.
    """
    if bits & (bits - 1) == 0 and classes <= 2 * bits:
        rows = hadamard(bits)
        return np.concatenate([rows, -rows])[:classes].astype(np.float32)
    rng = np.random.default_rng(seed)
    centres = np.zeros((classes, bits), np.float32)
    half = np.repeat([1, -1], [bits - bits // 2, bits // 2])
    for i in range(classes):
        drawn = rng.permuted(np.tile(half, (_DRAWS, 1)), axis=1)
        centres[i] = drawn[np.argmin((drawn @ centres[:i].T).max(axis=1, initial=-bits))]
    return centres


class CSQLoss(HashLoss):
    """The mean over images and bits of -log p, p being the probability of the bit of the image's centre, plus
    ``quantization`` times that of log cosh(|h| - 1).

    Activations h = tanh(z) say that a bit is 1 with probability (1 + h) / 2. Both are computed from z, what the head
    gives, so that the logarithm is finite at saturated activations. The centre of an image is that of its label, or of
    several labels the majority of their centres bit by bit, and a drawn bit where they are equal. Images without any
    label are left out of the first term.

    bits : code length K; classes : number of classes or concepts
    quantization : lambda, 1e-4 in the paper's code
    seed : of what is drawn
    """

    tanh = False

    def __init__(self, *, bits: int, classes: int, quantization: float = 1e-4, seed: int = 0) -> None:
        super().__init__()
        self._bits, self._classes, self._quantization = bits, classes, quantization
        self.centres = self.params.get_constant("centres", nd.array(hash_centres(classes, bits, seed)))
        ties = np.random.default_rng([seed, 1]).choice([-0.5, 0.5], size=(1, bits))
        self.ties = self.params.get_constant("ties", nd.array(ties))

    def forward(self, activations: nd.NDArray, labels: nd.NDArray) -> nd.NDArray:
        """The loss, (1,), of activations (B, K) and labels (B,) in [0, C) or (B, C) of ones and zeros."""
        several = labels if labels.ndim == 2 else nd.one_hot(labels, self._classes)
        return super().forward(activations, several.astype("float32", copy=False))

    def hybrid_forward(self, F: ModuleType, activations: Array, labels: Array, centres: Array, ties: Array) -> Array:
        votes = F.broadcast_add(F.dot(labels, centres), ties)  # whole numbers and a half
        labelled = F.dot(labels, F.ones_like(F.slice_axis(labels, axis=0, begin=0, end=1)), transpose_b=True) > 0
        weights = F.broadcast_div(labelled, F.maximum(F.dot(labelled, labelled, transpose_a=True), 1))  # (B, 1)
        unlikely = F.Activation((2 - 4 * (votes > 0)) * activations, act_type="softrelu")  # -log p
        ones = F.ones_like(ties)
        central = F.dot(weights, F.dot(unlikely, ones, transpose_b=True), transpose_a=True) / self._bits
        # log cosh(x) = log(1 + exp(2 x)) - x - log 2
        short = 1 - F.abs(F.Activation(activations, act_type="tanh"))
        rounding = F.dot(F.Activation(2 * short, act_type="softrelu") - short, ones, transpose_b=True)
        rounding = F.mean(rounding) / self._bits - math.log(2)
        return F.reshape(central, shape=(-1,)) + self._quantization * rounding


Loss = CSQLoss
