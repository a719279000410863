"""Which triplets of two kinds enter a loss: anchors are of the one kind, positives and negatives of the other.

Blocks as those of ``triplets``: they take rows (2B, D) and labels (2B,), of which the first half is the one kind and
the second the other, and give anchor, positive, negative and weight, each (B, S), as rows of the 2B.
"""

from types import ModuleType

from embedding.mining.pairs import same_class
from embedding.mining.triplets import TripletMiner, hardest, nearness, semi_hard
from embedding.mx import Array


def across(F: ModuleType, table: Array) -> Array:
    """(B, B) of a table (2B, 2B): the rows of the one kind, the columns of the other."""
    rows = F.split(table, axis=0, num_outputs=2)[0]
    return F.split(rows, axis=1, num_outputs=2)[1]


class AcrossHardMiner(TripletMiner):
    """Each anchor with its farthest positive and its nearest negative, S = 1; without either it weighs 0."""

    def hybrid_forward(self, F: ModuleType, embeddings: Array, labels: Array) -> tuple[Array, ...]:
        near, same = across(F, nearness(F, embeddings, labels)), across(F, same_class(F, labels))
        positive, negative = hardest(F, near, same)
        row = F.contrib.arange_like(near, axis=0)
        count = F.sum(same, axis=1)
        weight = (count > 0.5) * F.broadcast_lesser(count, F.sum(F.ones_like(row)) - 0.5)
        behind = F.sum(F.ones_like(row))
        return F.expand_dims(row, 1), *_behind(F, behind, positive, negative), F.expand_dims(weight, 1)


class AcrossSemiHardMiner(TripletMiner):
    """Each anchor with each positive, and the nearest negative that is farther, or else the farthest, S = B."""

    def hybrid_forward(self, F: ModuleType, embeddings: Array, labels: Array) -> tuple[Array, ...]:
        near, same = across(F, nearness(F, embeddings, labels)), across(F, same_class(F, labels))
        negative = semi_hard(F, near, same, near)
        row = F.contrib.arange_like(near, axis=0)
        behind = F.sum(F.ones_like(row))
        anchor = F.broadcast_like(F.expand_dims(row, 1), near)
        positive = F.broadcast_like(F.expand_dims(row, 0), near)
        has_negative = F.broadcast_lesser(F.sum(same, axis=1, keepdims=True), F.reshape(behind, shape=(1, 1)) - 0.5)
        return anchor, *_behind(F, behind, positive, negative), F.broadcast_mul(same, has_negative)


def _behind(F: ModuleType, count: Array, *rows: Array) -> tuple[Array, ...]:
    """Rows of the other kind as rows of both: they stand behind the ``count`` of the one."""
    return tuple(F.broadcast_add(each, F.reshape(count, shape=(1, 1))) for each in rows)
