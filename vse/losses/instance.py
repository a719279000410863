"""Instance loss: every training image, with its captions, is a class (Zheng et al., "Dual-path convolutional image-text
embeddings with instance loss", ACM TOMM 2020).
"""

import math
from types import ModuleType

from embedding.losses.base import check_dim
from embedding.losses.softmax import cross_entropy, inner_products
from embedding.mx import Array, mx, nd
from vse.losses.base import PairingLoss
from vse.mining import hinges


class InstanceLoss(PairingLoss):
    """Cross-entropy of images plus that of captions over one classifier for both, and ``ranking`` times a ranking loss.

    A class is a training image; both terms are means over the rows of a batch. The classifier has no bias. Its logits
    are ``scale`` times cosines, as embeddings have unit length, where the paper takes inner products of rows of any
    length. The ranking loss is the mean over negatives of the batch of [margin + s(i, c') - s(i, c)]+ plus that of
    [margin + s(i', c) - s(i, c)]+, where the paper draws one negative for each pair; it begins after ``warm_up``
    epochs, as the paper's second stage does.

    margin : of the ranking loss, 1 in the paper's code
    lr_classes : the classifier's own learning rate
    """

    def __init__(
        self,
        *,
        scale: float = 16.0,
        ranking: float = 1.0,
        margin: float = 1.0,
        warm_up: int = 2,
        lr_classes: float = 1e-2,
        **told: int,
    ) -> None:
        super().__init__(**told)
        self.learning_rate = lr_classes
        self._scale, self._ranking, self._margin = scale, ranking, margin
        self._warm_up, self._ranks = warm_up, warm_up < 1
        spread = mx.init.Normal(1 / math.sqrt(self._dim))
        self.weight = self.params.get("weight", shape=(self._images, self._dim), init=spread)

    def begin(self, epoch: int) -> None:
        """The cross-entropies alone up to epoch ``warm_up``, then with the ranking loss."""
        if self._ranks != (epoch > self._warm_up):
            self._ranks = not self._ranks
            self._clear_cached_op()  # a compiled graph is of one of the two

    def forward(self, images: nd.NDArray, captions: nd.NDArray, numbers: nd.NDArray) -> nd.NDArray:
        """The loss, (1,), of images and captions (B, D) and the numbers (B,) of their images in [0, N)."""
        check_dim(images, self._dim)
        return super().forward(images, captions, numbers)

    def hybrid_forward(self, F: ModuleType, images: Array, captions: Array, numbers: Array, weight: Array) -> Array:
        rows, classes = F.concat(images, captions, dim=0), F.concat(numbers, numbers, dim=0)
        logits = self._scale * inner_products(F, rows, F.L2Normalization(weight), classes=self._images)
        instances = 2 * cross_entropy(F, logits, classes)
        if not self._ranks:
            return instances
        cost, count = hinges.of_all(F, hinges.cosines(F, images, captions), numbers, self._margin)
        return instances + self._ranking * cost / F.maximum(count, 1)


Loss = InstanceLoss
