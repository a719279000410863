"""SuBiC: a supervised, structured binary code (Jain, Zepeda, Perez, Gribonval, "SUBIC: A supervised, structured binary
code for image search", ICCV 2017).
"""

import math
from types import ModuleType

from datasets.errors import InputError
from embedding.mx import Array
from hashing.codes import BLOCK
from hashing.losses.base import ClassLoss

_MOST_BITS = 512  # whose blocks take as many units as codes that are scored can have


class SuBiCLoss(ClassLoss):
    """The cross-entropy of the classes, plus ``gamma`` times the mean entropy of the blocks of each image, less ``mu``
    times that of the blocks' means over the batch.

    Activations come in K / 8 blocks of 256 units, and a softmax makes a distribution of each block. The first entropy
    draws every block to one unit, as a code has it, the second spreads the images over all units. Both are divided by
    that of the uniform distribution, so that they lie between 0 and 1. The classes are told from the distributions.

    bits : code length K, a byte a block; classes : number of classes or concepts
    gamma, mu : the weights of both entropies
    """

    head = "blocks"
    lookup = True

    def __init__(self, *, bits: int, classes: int, gamma: float = 0.03, mu: float = 0.03) -> None:
        if bits > _MOST_BITS:
            raise InputError(f"--bits={bits}: a block of subic has {BLOCK} units, give {_MOST_BITS} bits or fewer")
        self._blocks = bits // 8
        super().__init__(classes=classes, width=self._blocks * BLOCK)
        self._gamma, self._mu = gamma, mu

    def hybrid_forward(self, F: ModuleType, activations: Array, labels: Array) -> Array:
        blocks = F.reshape(activations, shape=(-1, self._blocks, BLOCK))
        likely, shares = F.log_softmax(blocks), F.softmax(blocks)
        of_images = F.mean(F.sum(-shares * likely, axis=2)) / math.log(BLOCK)
        together = F.mean(shares, axis=0)
        of_batch = F.mean(F.sum(-together * F.log(together + 1e-12), axis=1)) / math.log(BLOCK)
        classes = self.class_cost(F, F.reshape(shares, shape=(-1, self._blocks * BLOCK)), labels)
        return classes + self._gamma * F.reshape(of_images, shape=(-1,)) - self._mu * F.reshape(of_batch, shape=(-1,))


Loss = SuBiCLoss
