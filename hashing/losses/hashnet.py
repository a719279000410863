"""HashNet: weighted maximum likelihood of pairs (Cao, Long, Wang, Yu, ICCV 2017)."""

from types import ModuleType

from embedding.mining.pairs import total
from embedding.mx import Array
from hashing.losses.base import PairLoss
from hashing.mining.pairs import with_slope
from hashing.mining.similarity import Similarity


class HashNetLoss(PairLoss):
    """The weighted mean over pairs of log(1 + exp(a <h, g>)) - s a <h, g>; s is 1 for similar images, else 0.

    Activations h are tanh(scale z), whose scale grows as training goes on. An image is no pair with itself: that would
    teach nothing but longer activations. The logarithm is as exact for large products as for small ones.

    bits : code length K; classes : number of classes or concepts
    alpha : a; None for 10 / bits, so that products lie within 10 at every code length
    similar_weight : see ``Similarity.shares``; 100 on ImageNet-100, 5 on NUS-WIDE and 1 on COCO in the paper's code,
        which is about all pairs / similar ones
    """

    sharpens = True

    def __init__(
        self, *, bits: int, classes: int, alpha: float | None = None, similar_weight: float | None = None
    ) -> None:
        super().__init__(bits=bits, classes=classes)
        self._alpha = 10 / bits if alpha is None else alpha
        self._similar_weight = similar_weight

    def of_pairs(self, F: ModuleType, activations: Array, similarity: Similarity) -> Array:
        rows = F.BlockGrad(activations)
        similar, others = similarity.shares(self._similar_weight)
        weights = similarity.weights(similar, others)
        products = F.dot(rows * self._alpha, rows, transpose_b=True)
        costs = F.Activation(products, act_type="softrelu")
        slopes = F.Activation(products, act_type="sigmoid") * weights
        # The sum of s <h, g> needs no table: it is that of each image with the sum of those similar to it.
        together = F.broadcast_mul(similarity.sums(rows), similar)
        # What images cost with themselves is taken away again.
        labelled = F.broadcast_mul(similarity.itself, F.reshape(similar, shape=(1,)))
        own = F.dot(F.diag(costs), F.diag(weights)) - F.dot(F.diag(products), labelled)
        own_slopes = F.expand_dims(F.diag(slopes) - labelled, 1)
        value = total(F, costs, weights) - self._alpha * total(F, rows, together) - own
        slope = F.dot(slopes, rows) - together - F.broadcast_mul(rows, own_slopes)
        return with_slope(F, value, activations, 2 * self._alpha * slope)


Loss = HashNetLoss
