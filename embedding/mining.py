"""Which anchors, positives and negatives of a batch enter a loss; every choice is made on the device.

Pure functions of MXNet's ``F`` (``mx.nd``, or ``mx.sym`` while a block is compiled) first, and the block that a loss
calls at the end. They work on labels in ascending order, where the images of a class stand side by side.
"""

from types import ModuleType

from embedding.mx import Array, autograd, gluon, nd

# Added to the log-weight of a row that may not be drawn. exp() of the first is exactly 0 beside any allowed row; where
# none is allowed, it still leaves the rows of other classes all alike, and those of the same class out.
_TOO_FAR = -1e5
_SAME_CLASS = -1e9


def same_class_rows(F: ModuleType, labels: Array, *, reach: int) -> tuple[Array, Array]:
    """The rows up to ``reach`` places before and after each row, and whether they are of its class.

    labels : (B,), ascending
    reach : the size of the largest class less one finds every row of the same class

    Returns rows (B, 2 reach), those after each row in the second half, and valid (B, 2 reach), 1 where the row is there
    and of the same class, else 0.
    """
    # A label that no row has stands before the first row and after the last; overshoots are clipped to it.
    nobody = F.slice_axis(labels, axis=0, begin=0, end=1) - 1
    fenced = F.concat(nobody, labels, nobody, dim=0)
    shifts = F.concat(F.arange(-reach, 0), F.arange(1, reach + 1), dim=0)
    rows = F.broadcast_add(F.expand_dims(F.contrib.arange_like(labels), 1), F.expand_dims(shifts, 0))
    valid = F.broadcast_equal(F.take(fenced, rows + 1, mode="clip"), F.expand_dims(labels, 1))
    return rows * valid, valid


def distance_weights(
    F: ModuleType, embeddings: Array, labels: Array, *, dim: int, cutoff: float = 0.5, loss_cutoff: float = 1.4
) -> Array:
    """The chance of each row to be an anchor's negative, (B, B); rows sum to 1 (Wu et al. 2017, section 4).

    Inverse to the density q(d) ~ d^(n-2) (1 - d^2/4)^((n-3)/2) of distances between random points of the unit sphere,
    so that negatives of every distance are seen. Distances below ``cutoff`` count as ``cutoff``, against noise; rows
    farther than ``loss_cutoff`` (margin + beta), whose loss is 0, and rows of the same class are not drawn. An anchor
    left with no row draws evenly from the other classes.

    embeddings : (B, D) unit rows; labels : (B,); dim : D
    """
    # Squared distances of unit rows. Everything below works on them: a logarithm is dear, a square root dearer.
    squared = F.dot(embeddings * -2, embeddings, transpose_b=True) + 2
    far = squared >= loss_cutoff**2
    squared = F.minimum(F.maximum(squared, cutoff**2), loss_cutoff**2)
    log_weight = F.log(squared) * ((2 - dim) / 2) - F.log(squared * -0.25 + 1) * ((dim - 3) / 2)
    same = F.broadcast_equal(F.expand_dims(labels, 1), F.expand_dims(labels, 0))
    return F.softmax(log_weight + far * _TOO_FAR + same * _SAME_CLASS)


def draw_negatives(F: ModuleType, weights: Array, labels: Array, *, draws: int) -> tuple[Array, Array]:
    """Rows drawn with ``weights`` (B, B): (B, draws) int32; and valid (B, draws), 0 where there is no other class."""
    # Compiled, the operator always has two outputs; asking for both makes it the same when it is not.
    negatives, _ = F.random.multinomial(weights, shape=draws, get_prob=True)
    valid = F.broadcast_not_equal(F.take(labels, negatives), F.expand_dims(labels, 1))
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

        Returns anchor and partner (T, 1), rows of the batch, and weight (T, 1): 2 for a positive, which stands for both
        of its directions, -1 for a negative, 0 for an empty slot. T is 2 reach B.
        """
        with autograd.pause():
            return super().forward(embeddings, labels.astype("float32"))

    def hybrid_forward(self, F: ModuleType, embeddings: Array, labels: Array) -> tuple[Array, Array, Array]:
        order = F.argsort(labels)
        embeddings, labels = F.take(embeddings, order), F.take(labels, order)
        rows, valid = same_class_rows(F, labels, reach=self._reach)
        after = {"axis": 1, "begin": self._reach, "end": None}  # each unordered pair once
        weights = distance_weights(F, embeddings, labels, dim=self._dim, loss_cutoff=self._loss_cutoff)
        negative, is_negative = draw_negatives(F, weights, labels, draws=self._reach)
        slots = F.expand_dims(F.arange(0, self._reach), 0)
        is_negative = is_negative * F.broadcast_lesser(slots, F.sum(valid, axis=1, keepdims=True))
        partner = F.concat(F.slice_axis(rows, **after), F.cast(negative, "float32"), dim=1)
        weight = F.concat(F.slice_axis(valid, **after) * 2, is_negative * -1, dim=1)
        anchor = F.broadcast_like(F.expand_dims(order, 1), partner)
        return tuple(x.reshape((-1, 1)) for x in (anchor, F.take(order, partner), weight))
