"""Deep Sketch Hashing: cross-view pairs and a semantic factorisation (Liu, Shen, Shen, Liu, Shao, CVPR 2017)."""

from types import ModuleType

from embedding.mining import pairs
from embedding.mx import Array, mx
from hashing.cross.losses.base import CrossLoss, similar


class DeepSketchLoss(CrossLoss):
    """The cost of pairs, plus ``semantic`` times that of factorising, plus ``quantization`` times that of rounding.

    A pair is row f_i of the one kind and g_j of the other, all activations between -1 and 1. Similar pairs cost
    (1 - <f, g> / K)^2 and others (1 + <f, g> / K)^2, in the mean over either sort, half of each. The factorisation
    holds rows to what is known of their classes: the mean of |y - D f|^2 and of |y - D g|^2, where y (C,) is of ones
    and zeros, divided by how many ones it has, and the basis D (C, K) is common to both kinds. Rounding costs the mean
    of (|f| - 1)^2, and of g.

    Of the paper this is the objective, but: the paper finds codes of all training images bit by bit
    and D in closed form, in turn with the networks, where here activations stand for codes and a step of gradient
    moves all, D too; y are the labels, where the paper takes word vectors of the classes' names, which no loss here
    knows; similar and other pairs weigh alike, as of the latter a batch has many more; and the third network, of
    sketch-tokens of photographs, is left out.

    bits : code length K; classes : number of classes or concepts
    semantic, quantization : lambda and gamma of the paper, whose terms are sums where these are means
    """

    tanh = True

    def __init__(self, *, bits: int, classes: int, semantic: float = 1.0, quantization: float = 0.01) -> None:
        super().__init__(bits=bits, classes=classes)
        self._semantic, self._quantization = semantic, quantization
        self.basis = self.params.get("basis", shape=(classes, bits), init=mx.init.Normal(1 / bits))

    def hybrid_forward(self, F: ModuleType, asking: Array, answering: Array, labels: Array, basis: Array) -> Array:
        together = similar(F, labels)
        products = F.dot(asking / self._bits, answering, transpose_b=True)
        right = pairs.mean(F, F.square(1 - products), together)
        wrong = pairs.mean(F, F.square(1 + products), 1 - together)
        known = F.broadcast_div(labels, F.maximum(F.sum(labels, axis=1, keepdims=True), 1))
        factorised = sum(
            F.mean(F.sum(F.square(known - F.dot(rows, basis, transpose_b=True)), axis=1))
            for rows in (asking, answering)
        )
        rounded = sum(F.mean(F.square(F.abs(rows) - 1)) for rows in (asking, answering))
        more = self._semantic * factorised / 2 + self._quantization * rounded / 2
        return (right + wrong) / 2 + F.reshape(more, shape=(-1,))


Loss = DeepSketchLoss
