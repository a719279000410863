"""Which images of a batch are similar: as a table, as weights of pairs, and as sums over the similar ones.

There are two ways to know it, with the same answers: on the CPU comparisons of (B, B) numbers cost more than products,
by which images of one label each can be told apart.
"""

from types import ModuleType

from embedding.mx import Array


class Similarity:
    """The similar pairs of a batch, by their ``table`` (B, B): 1 where two images are similar, else 0.

    Tables and ``sums`` have each image with itself too; ``counts`` and ``shares`` are of pairs of two images.

    itself : (B,), 1 where an image is similar to itself, that is, has a label
    """

    def __init__(self, F: ModuleType, table: Array) -> None:
        self.F, self.table, self.itself = F, table, F.diag(table)

    def sums(self, rows: Array) -> Array:
        """(B, K): for each image the sum of the rows (B, K) of the images similar to it; without a gradient."""
        return self.F.dot(self.table, self.F.BlockGrad(rows))

    def weights(self, similar: Array, others: Array) -> Array:
        """(B, B): the value ``similar`` (1, 1) where two images are similar, and ``others`` (1, 1) elsewhere."""
        return self.F.broadcast_add(self.F.broadcast_mul(self.table, similar - others), others)

    def counts(self) -> tuple[Array, Array]:
        """For each image how many other images are similar to it, and how many are not, each (B,)."""
        similar = self._row_sums() - self.itself
        ones = self.F.ones_like(similar)
        return similar, self.F.broadcast_sub(self.F.dot(ones, ones) - 1, similar)

    def shares(self, similar_weight: float | None) -> tuple[Array, Array]:
        """The weights of one similar pair and of one other, each (1, 1), with which all pairs together weigh 1.

        similar_weight : of similar pairs, beside 1 of the others; None for as much on all similar pairs together as on
            all others, which is all / similar beside all / others for a pair (HashNet, equation 2). Where a batch has
            pairs of one kind only, these have all the weight.
        """
        F = self.F
        ones = F.ones_like(self.itself)
        similar, others = (F.reshape(F.dot(count, ones), shape=(1, 1)) for count in self.counts())
        if similar_weight is not None:
            total = similar_weight * similar + others
            total = total + (total == 0)  # of a batch without a pair
            return similar_weight / total, 1 / total
        kinds = F.maximum((similar > 0) + (others > 0), 1)
        return 1 / (F.maximum(similar, 1) * kinds), 1 / (F.maximum(others, 1) * kinds)

    def _row_sums(self) -> Array:
        return self.F.dot(self.table, self.F.ones_like(self.itself))


class OneLabel(Similarity):
    """The similar pairs of images of one label each, ``labels`` (B,) in [0, C), with C = ``classes``."""

    def __init__(self, F: ModuleType, labels: Array, *, classes: int) -> None:
        self.F, self._classes, self.itself = F, F.one_hot(labels, depth=classes), F.ones_like(labels)

    @property
    def table(self) -> Array:
        return self.F.dot(self._classes, self._classes, transpose_b=True)

    def sums(self, rows: Array) -> Array:
        """(B, K), as of every ``Similarity``: first of each class, then of each image's class."""
        of_class = self.F.dot(self._classes, self.F.BlockGrad(rows), transpose_a=True)
        return self.F.dot(self._classes, of_class)

    def weights(self, similar: Array, others: Array) -> Array:
        """(B, B), as of every ``Similarity``: from the weights of each image with each class."""
        with_class = self.F.broadcast_add(self.F.broadcast_mul(self._classes, similar - others), others)
        return self.F.dot(with_class, self._classes, transpose_b=True)

    def _row_sums(self) -> Array:
        return self.F.dot(self._classes, self.F.dot(self.itself, self._classes))
