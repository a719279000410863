"""Which anchors, positives and negatives of a batch enter a loss; every choice is made on the device.

Pure functions of MXNet's ``F`` (``mx.nd``, or ``mx.sym`` while a block is compiled) first, and the block that a loss
calls at the end. They work on labels in ascending order, where the images of a class stand side by side.
Triplets have a file of their own, ``triplets``.
"""

from types import ModuleType

from embedding.mx import Array, autograd, gluon, nd

# Added to the log-weight of a row that may not be drawn. exp() of the first is exactly 0 beside any allowed row; where
# none is allowed, it still leaves the rows of other classes all alike, and those of the same class out.
_TOO_FAR = -1e5
_SAME_CLASS = -1e9

# Added to the number of a row to sort it behind all others; float32 holds whole numbers up to twice as many.
_BEYOND = 2**23

# A cosine of almost -1: of opposite rows the density is 0 and its logarithm would be infinite.
_OPPOSITE = -0.999


def rows_around(F: ModuleType, labels: Array, *, reach: int) -> tuple[Array, Array, Array]:
    """Which of the rows up to ``reach`` places before and after each row are of its class.

    labels : (B, 1), ascending
    reach : the size of the largest class less one finds every row of the same class

    Returns before and after (B, reach), 1 where the row so far away is there and of the same class, else 0; and rows
    (B, reach), those after each row, some beyond the last. Nearest last in ``before``, nearest first in ``after``.
    """
    # A label that no row has stands before the first row and after the last; overshoots are clipped to it.
    nobody = F.slice_axis(labels, axis=0, begin=0, end=1) - 1
    fenced = F.concat(nobody, labels, nobody, dim=0)
    places = F.broadcast_add(F.contrib.arange_like(labels), F.arange(1 - reach, reach + 2))  # 0 is the fence
    same = F.broadcast_equal(F.take(F.reshape(fenced, shape=(-1,)), places, mode="clip"), labels)
    before = F.slice_axis(same, axis=1, begin=0, end=reach)
    after, rows = (F.slice_axis(x, axis=1, begin=reach + 1, end=None) for x in (same, places))
    return before, after, rows - 1


def first_of_class(F: ModuleType, labels: Array) -> Array:
    """For each row the first row of its class, (B,); labels (B,), ascending."""
    rows = F.contrib.arange_like(labels)
    # Whole numbers differ by 1 or more; before the first row stands a label that no row has.
    before = F.concat(F.slice_axis(labels, axis=0, begin=0, end=1) - 1, labels, dim=0)
    starts = labels > F.slice_axis(before, axis=0, begin=0, end=-1)
    # Starts come first in this order, one a class, and the running count of starts numbers the classes from 1.
    in_order = F.argsort(F.where(starts, rows, rows + _BEYOND))
    return F.take(in_order, F.cumsum(starts) - 1)


def disjoint_pairs(F: ModuleType, labels: Array) -> tuple[Array, Array, Array]:
    """The images of each class paired off in order: first and second (P,), rows; and valid (P,), P = (B + 1) // 2.

    Slots that hold no pair have valid 0, and rows that mean nothing. The last image of an odd number is in no pair.

    labels : (B,), ascending
    """
    rows = F.contrib.arange_like(labels)
    place = rows - first_of_class(F, labels)
    odd = place - 2 * F.floor(place / 2)
    # The first of a pair is the row before an odd one; rows that are no such first are sorted to the end. No row comes
    # after the last: it is followed by row 0, whose place is even.
    is_first = F.slice_axis(F.concat(odd, F.slice_axis(odd, axis=0, begin=0, end=1), dim=0), axis=0, begin=1, end=None)
    half = F.slice(rows, begin=(None,), end=(None,), step=(2,))
    first = F.slice_like(F.argsort(F.where(is_first, rows, rows + _BEYOND)), half)
    return first, first + 1, F.take(is_first, first)


def distance_weights(
    F: ModuleType, embeddings: Array, labels: Array, *, dim: int, cutoff: float = 0.5, loss_cutoff: float = 1.4
) -> Array:
    """The chance of each row to be an anchor's negative, (B, B); rows sum to 1 (Wu et al. 2017, section 4).

    Inverse to the density q(d) ~ d^(n-2) (1 - d^2/4)^((n-3)/2) of distances between random points of the unit sphere,
    so that negatives of every distance are seen. Distances below ``cutoff`` count as ``cutoff``, against noise; rows
    farther than ``loss_cutoff`` (margin + the first beta, where the loss is 0) and rows of the same class are not
    drawn. An anchor left with no row draws evenly from the other classes.

    embeddings : (B, D) unit rows; labels : (B, 1); dim : D
    """
    # Of unit rows d^2 = 2 - 2 cos and 1 - d^2/4 = (1 + cos) / 2; constant factors drop out when rows are made to sum to
    # 1. The cosine it is, because logarithms and roots of B x B numbers are what takes the time.
    cosine = F.dot(embeddings, embeddings, transpose_b=True)
    far = cosine <= 1 - loss_cutoff**2 / 2
    farthest = max(1 - loss_cutoff**2 / 2, _OPPOSITE)
    cosine = F.maximum(F.minimum(cosine, 1 - cutoff**2 / 2), farthest)
    log_weight = F.log(1 - cosine) * ((2 - dim) / 2) + F.log(1 + cosine) * ((3 - dim) / 2)
    same = F.broadcast_equal(labels, F.reshape(labels, shape=(1, -1)))
    return F.softmax(log_weight + far * _TOO_FAR + same * _SAME_CLASS)


def draw_negatives(F: ModuleType, weights: Array, labels: Array, *, draws: int) -> tuple[Array, Array]:
    """Rows drawn with ``weights`` (B, B): (B, draws) int32; and valid (B, draws), 0 where there is no other class.

    labels : (B, 1)
    """
    # Compiled, the operator always has two outputs; asking for both makes it the same when it is not.
    negatives, _ = F.random.multinomial(weights, shape=draws, get_prob=True)
    valid = F.broadcast_not_equal(F.take(F.reshape(labels, shape=(-1,)), negatives), labels)
    return negatives, valid


class DistanceWeightedMiner(gluon.HybridBlock):
    """For each ordered pair (anchor, positive) of a batch one negative, drawn by ``distance_weights``.

    dim : size of the embeddings, D
    reach : how many places before and after it, in order of labels, an anchor finds its positives; the size of the
        largest class of the batch less one finds all
    """

    def __init__(self, *, dim: int, reach: int, loss_cutoff: float = 1.4) -> None:
        super().__init__()
        self._dim, self._reach, self._loss_cutoff = dim, reach, loss_cutoff

    def forward(self, embeddings: nd.NDArray, labels: nd.NDArray) -> tuple[nd.NDArray, ...]:
        """Pairs of the batch, for embeddings (B, D) with unit rows and labels (B,), without a gradient.

        Returns anchor and partner (B, 2 reach), rows of the batch, and weight (B, 2 reach): 2 for a positive, which
        stands for both of its directions, -1 for a negative, 0 for an empty slot. In a class of more than reach + 1
        images a negative may stand for two pairs, with -2.
        """
        with autograd.pause():
            return super().forward(embeddings, labels.astype("float32", copy=False))

    def hybrid_forward(self, F: ModuleType, embeddings: Array, labels: Array) -> tuple[Array, Array, Array]:
        order = F.argsort(labels)
        embeddings, labels = F.take(embeddings, order), F.expand_dims(F.take(labels, order), 1)
        before, after, rows = rows_around(F, labels, reach=self._reach)
        weights = distance_weights(F, embeddings, labels, dim=self._dim, loss_cutoff=self._loss_cutoff)
        negative, is_negative = draw_negatives(F, weights, labels, draws=self._reach)
        # Each unordered pair of positives once, and for each anchor as many negatives as it has positives: those before
        # fill a row from its end, those after from its start, so that they share slots only in too large a class.
        weight = F.concat(after * 2, (before + after) * is_negative * -1, dim=1)
        partner = F.concat(rows, F.cast(negative, "float32"), dim=1)
        anchor = F.broadcast_like(F.expand_dims(order, 1), partner)
        return anchor, F.take(order, partner, mode="clip"), weight


class PairMiner(gluon.HybridBlock):
    """Pairs each class's images off at random; what is left of an odd number waits for another step."""

    def forward(self, labels: nd.NDArray) -> tuple[nd.NDArray, ...]:
        """For labels (B,): anchor and positive (P,), rows of the batch; valid (P,), 0 where a slot holds no pair.

        P is half of B, rounded up.
        """
        with autograd.pause():
            return super().forward(labels.astype("float32", copy=False))

    def hybrid_forward(self, F: ModuleType, labels: Array) -> tuple[Array, Array, Array]:
        order = F.argsort(F.random.uniform_like(labels))
        order = F.take(order, F.argsort(F.take(labels, order)))
        anchor, positive, valid = disjoint_pairs(F, F.take(labels, order))
        return F.take(order, anchor), F.take(order, positive, mode="clip"), valid
