"""Which triplets (anchor, positive, negative) of a batch enter a loss: batch-hard and semi-hard, on the device.

Pure functions of MXNet's ``F`` first, then one block a choice. Every block gives anchor, positive, negative and weight,
each (B, S): rows of the batch, and weight 1 for a triplet and 0 for a slot that holds none. Gradients do not pass.
"""

from types import ModuleType

from embedding.mining.distance_weighted import first_of_class
from embedding.mining.pairs import has_positive_and_negative, same_class
from embedding.mx import Array, autograd, gluon, nd

# Nearness lies in [-3/8, 1/8]. One less for rows of the same class puts all of them below every other row.
_ANY_OTHER_CLASS = -0.5

# How much less near a negative must be than the positive to be farther: more than rounding, so that ties are not.
_ROUNDING = 1e-6

_NOT_FARTHER = 4.0  # taken from the nearness of rows that are not farther than the positive: below all that are


def nearness(F: ModuleType, embeddings: Array, labels: Array) -> Array:
    """How near each row is to each, (B, B).

    Within a row nearness falls as distance grows; it is in [-3/8, 1/8], and its precision, that of float32, is relative
    to how far apart the embeddings are, not to their length: a batch close to collapse is still told apart.

    embeddings : (B, D) of any length; labels : (B,)
    """
    ones = F.ones_like(labels)  # for sums as products: on the CPU sum() and mean() are slow
    center = F.broadcast_div(F.dot(ones, embeddings), F.dot(ones, ones))
    rows = F.broadcast_sub(embeddings, F.expand_dims(center, 0))
    squared = F.dot(F.square(rows), F.ones_like(F.slice_axis(rows, axis=0, begin=0, end=1)), transpose_b=True)  # (B, 1)
    most = F.max(squared) * 4 + 1e-30
    rows, squared = F.broadcast_div(rows, F.sqrt(most)), F.broadcast_div(squared, most)  # lengths up to 1/2
    # |a - b|^2 = |a|^2 - 2 (a.b - |b|^2 / 2): the bracket orders the b of an a.
    left, right = F.concat(rows, F.expand_dims(ones, 1), dim=1), F.concat(rows, squared / -2, dim=1)
    return F.dot(left, right, transpose_b=True)


def positives_in_slots(F: ModuleType, labels: Array, *, slots: int) -> tuple[Array, Array, Array]:
    """Each row, as an anchor, with the first ``slots`` rows of its class; labels (B,), ascending.

    Returns anchor, positive and valid, each (B, slots); where valid is 0, the positive is the anchor itself.
    """
    row = F.expand_dims(F.contrib.arange_like(labels), 1)
    positive = F.broadcast_add(F.expand_dims(first_of_class(F, labels), 1), F.arange(slots))
    anchor = F.broadcast_like(row, positive)
    # A label that no row has stands behind the last row; overshoots are clipped to it.
    fenced = F.concat(labels, F.slice_axis(labels, axis=0, begin=0, end=1) - 1, dim=0)
    its_class = F.broadcast_equal(F.take(fenced, positive, mode="clip"), F.expand_dims(labels, 1))
    valid = its_class * (positive != anchor)
    return anchor, F.where(valid, positive, anchor), valid


def hardest(F: ModuleType, near: Array, same: Array) -> tuple[Array, Array]:
    """Of each row the farthest column of its class, itself where it is alone, and the nearest of another class.

    near : (B, C), of ``nearness``; same : of ``pairs.same_class``. Both that are found are (B, 1)
    """
    # Columns of the same class lie below all others: the lowest is the farthest positive, the highest the nearest
    # negative. The anchor itself is the nearest of its class, and so is not the lowest.
    negative, positive = (F.topk(near - same, axis=1, k=1, is_ascend=ascend) for ascend in (False, True))
    return positive, negative


def semi_hard(F: ModuleType, near: Array, same: Array, of_positive: Array) -> Array:
    """For each row and positive the nearest column of another class that is farther, or else the farthest: (B, S).

    near, same : (B, C), as of ``hardest``; of_positive : (B, S), how near the positives are
    """
    others = F.expand_dims(near - same, 1)  # (B, 1, C), columns of the same class below all others
    not_farther = F.broadcast_greater(others, F.expand_dims(of_positive - _ROUNDING, 2))  # (B, S, C)
    best, nearest = F.topk(F.broadcast_sub(others, not_farther * _NOT_FARTHER), axis=2, k=1, ret_typ="both")
    farthest = F.broadcast_like(F.topk(near + same, axis=1, k=1, is_ascend=True), of_positive)
    return F.where(F.squeeze(best, axis=2) > _ANY_OTHER_CLASS, F.squeeze(nearest, axis=2), farthest)


class TripletMiner(gluon.HybridBlock):
    """What every choice of triplets is."""

    def forward(self, embeddings: nd.NDArray, labels: nd.NDArray) -> tuple[nd.NDArray, ...]:
        """Triplets of the batch, for embeddings (B, D) and labels (B,)."""
        with autograd.pause():
            return super().forward(embeddings, labels.astype("float32", copy=False))


class HardMiner(TripletMiner):
    """Each anchor with its farthest positive and its nearest negative (Hermans et al. 2017), S = 1.

    Of identical rows the first in the batch is taken. Anchors without a positive or without a negative weigh 0.
    """

    def hybrid_forward(self, F: ModuleType, embeddings: Array, labels: Array) -> tuple[Array, ...]:
        same = same_class(F, labels)
        positive, negative = hardest(F, nearness(F, embeddings, labels), same)
        anchor = F.expand_dims(F.contrib.arange_like(labels), 1)
        return anchor, positive, negative, F.expand_dims(has_positive_and_negative(F, same, labels), 1)


class SemiHardMiner(TripletMiner):
    """Each pair (anchor, positive) with its nearest negative that is farther than the positive (Schroff et al. 2015).

    Where no negative is farther, it is the farthest negative, as is usual.

    slots : S, the most images of a class in the batch; of a larger class only the first so many, in order of labels,
        are positives
    """

    def __init__(self, *, slots: int) -> None:
        super().__init__()
        self._slots = slots

    def hybrid_forward(self, F: ModuleType, embeddings: Array, labels: Array) -> tuple[Array, ...]:
        order = F.argsort(labels)
        embeddings, labels = F.take(embeddings, order), F.take(labels, order)
        anchor, positive, is_positive = positives_in_slots(F, labels, slots=self._slots)
        near, same = nearness(F, embeddings, labels), same_class(F, labels)
        of_positive = F.gather_nd(near, F.stack(anchor, positive, axis=0))  # (B, S)
        negative = semi_hard(F, near, same, of_positive)
        weight = F.broadcast_mul(is_positive, F.expand_dims(has_positive_and_negative(F, same, labels), 1))
        return *(F.take(order, rows) for rows in (anchor, positive, negative)), weight
