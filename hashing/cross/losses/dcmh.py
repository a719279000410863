"""Deep cross-modal hashing (Jiang, Li, "Deep cross-modal hashing", CVPR 2017)."""

from types import ModuleType

from embedding.mining.pairs import total
from embedding.mx import Array
from hashing.cross.losses.base import CrossLoss, similar


class DCMHLoss(CrossLoss):
    """The sum over pairs of log(1 + exp(t)) - s t with t = <f, g> / 2, plus ``quantization`` times that over rows of
    |b - f|^2 + |b - g|^2, plus ``balance`` times |sum of f|^2 + |sum of g|^2, all divided by the number of pairs.

    f are activations of the one kind and g of the other, a pair is one of each, and s is 1 where these are similar.
    b = sign(f + g) is the code that row i of both has in common.

    The paper takes turns: the net of pictures learns while texts and codes stay as they are, then that of texts, then
    the codes are taken anew, all of the whole training set. Here a batch stands for the set and a step for a turn of
    all three: both nets learn at once, and the codes of the batch are taken from their activations in every step, and
    are constants to its gradient.

    bits : code length K; classes : number of classes or concepts
    quantization, balance : gamma and eta, both 1 in the paper
    """

    def __init__(self, *, bits: int, classes: int, quantization: float = 1.0, balance: float = 1.0) -> None:
        super().__init__(bits=bits, classes=classes)
        self._quantization, self._balance = quantization, balance

    def hybrid_forward(self, F: ModuleType, asking: Array, answering: Array, labels: Array) -> Array:
        together = similar(F, labels)
        products = F.dot(asking / 2, answering, transpose_b=True)
        value = F.sum(F.Activation(products, act_type="softrelu")) - total(F, products, together)
        codes = 2 * (F.BlockGrad(asking + answering) > 0) - 1
        for rows in (asking, answering):
            value = value + self._quantization * F.sum(F.square(codes - rows))
            value = value + self._balance * F.sum(F.square(F.sum(rows, axis=0)))
        return F.broadcast_div(F.reshape(value, shape=(-1,)), F.sum(F.ones_like(together)))


Loss = DCMHLoss
