"""Deep cross-modal hashing (Jiang, Li, "Deep cross-modal hashing", CVPR 2017)."""

from types import ModuleType

from embedding.mining import pairs
from embedding.mx import Array
from hashing.cross.losses.base import CrossLoss, similar


class DCMHLoss(CrossLoss):
    """The weighted mean over pairs of log(1 + exp(t)) - s t with t = <f, g> / 2, plus ``quantization`` times the sum
    over rows of |b - f|^2 + |b - g|^2, plus ``balance`` times |sum of f|^2 + |sum of g|^2, both divided by the number
    of pairs.

    f are activations of the one kind and g of the other, a pair is one of each, and s is 1 where these are similar.
    b = sign(f + g) is the code that row i of both has in common.

    The paper takes turns: the net of pictures learns while texts and codes stay as they are, then that of texts, then
    the codes are taken anew, all of the whole training set. Here a batch stands for the set and a step for a turn of
    all three: both nets learn at once, and the codes of the batch are taken from their activations in every step, and
    are constants to its gradient.

    bits : code length K; classes : number of classes or concepts
    quantization, balance : gamma and eta, both 1 in the paper. Over all of a large set both weigh less: the sum over n
        rows by n^2, and the mean of all n rows, which chance keeps from 0 far less than that of a batch
    similar_weight : of similar pairs, beside 1 of the others, as in the paper; None for as much on all similar pairs
        together as on all others. In the paper's sets about half of the pairs are similar, and both come to the same;
        where few are, the paper's own has both sides lie opposite each other, which balance forbids, and learns little
    """

    def __init__(
        self,
        *,
        bits: int,
        classes: int,
        quantization: float = 0.1,
        balance: float = 0.1,
        similar_weight: float | None = None,
    ) -> None:
        super().__init__(bits=bits, classes=classes)
        self._quantization, self._balance, self._similar_weight = quantization, balance, similar_weight

    def hybrid_forward(self, F: ModuleType, asking: Array, answering: Array, labels: Array) -> Array:
        together = similar(F, labels)
        products = F.dot(asking / 2, answering, transpose_b=True)
        costs = F.Activation(products, act_type="softrelu") - together * products
        codes = 2 * (F.BlockGrad(asking + answering) > 0) - 1
        beside = 0
        for rows in (asking, answering):
            beside = beside + self._quantization * F.sum(F.square(codes - rows))
            beside = beside + self._balance * F.sum(F.square(F.sum(rows, axis=0)))
        number = F.reshape(F.sum(F.ones_like(together)), shape=(-1,))
        return self._likelihood(F, costs, together) + F.reshape(beside, shape=(-1,)) / number

    def _likelihood(self, F: ModuleType, costs: Array, together: Array) -> Array:
        if self._similar_weight is None:
            kinds = 1 + (F.max(together == 0))
            parts = pairs.mean(F, costs, together) + pairs.mean(F, costs, 1 - together)
            return parts / F.reshape(kinds, shape=(-1,))
        weights = 1 + (self._similar_weight - 1) * together
        return pairs.total(F, costs, weights) / F.reshape(F.sum(weights), shape=(-1,))


Loss = DCMHLoss
