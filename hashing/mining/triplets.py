"""Triplets (anchor, positive, negative) of a batch, one for each pair (anchor, positive), drawn anew in every step.

All B x B x B triplets would take hundreds of times as long as the pairs, and the hardest alone, in squared distances,
draw all activations to one place. Tables here have a row for each positive and a column for each anchor.
"""

from types import ModuleType

from embedding.mx import Array
from hashing.mining.similarity import Similarity


class DrawnTriplets:
    """To every positive p of an anchor a belongs the image at p's place in a drawn order, where it is not similar to a.

    Every triplet of the batch is as likely as any other.

    chosen : (B, B), 1 where (p, a) is a pair of two similar images and has a negative, else 0
    """

    def __init__(self, F: ModuleType, similarity: Similarity) -> None:
        self.F = F
        self._order = F.BlockGrad(F.random.shuffle(F.contrib.arange_like(similarity.itself)))
        similar = similarity.table
        self.chosen = (similar - F.diag(similarity.itself)) * (1 - self.negatives(similar))

    def negatives(self, table: Array) -> Array:
        """What a symmetric ``table`` (B, B) of pairs says of negative and anchor, at the place of their (p, a)."""
        return self.F.take(table, self._order)

    def slopes(self, of_triplets: Array) -> Array:
        """The slopes (B, B) of entries of a table of pairs, of costs that have these slopes of positives' entries and
        the opposite ones of negatives'.
        """
        return of_triplets - self.F.take(of_triplets, self.F.argsort(self._order))
