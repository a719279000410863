"""All pairs of a batch as (B, B) tables, a row an anchor: which are of a class, how far apart, and sums over some.

Pure functions of MXNet's ``F``. They are made of products, pick(), topk() and log_softmax() where they can be: on the
CPU sums, maxima, exp() and comparisons of B x B numbers take several times as long.
"""

from types import ModuleType

from embedding.mx import Array

_EPS = 1e-8  # inside every root, so that equal images have a gradient

# What rows left out of a sum get for a logarithm: exp() of it is exactly 0 beside any other.
_LEFT_OUT = -1e9


def same_class(F: ModuleType, labels: Array) -> Array:
    """1 where two rows are of the same class, each row with itself too, else 0; labels (B,) float32."""
    ones = F.ones_like(labels)
    labels = F.broadcast_sub(labels, F.min(labels))
    # The differences, as a product of two columns: exact, as labels are whole numbers.
    return F.dot(F.stack(labels, ones, axis=0), F.stack(ones, labels * -1, axis=0), transpose_a=True) == 0


def other_image(F: ModuleType, labels: Array) -> Array:
    """1 but for each row with itself; labels (B,)."""
    return same_class(F, F.contrib.arange_like(labels)) == 0


def has_positive_and_negative(F: ModuleType, same: Array, labels: Array) -> Array:
    """(B,): 1 for rows with another row of their class, and a row of another class, in the batch; else 0.

    same : of ``same_class``; labels : (B,)
    """
    ones = F.ones_like(labels)
    count = F.dot(same, ones)
    return (count > 1.5) * F.broadcast_lesser(count, F.dot(ones, ones) - 0.5)


def distances(F: ModuleType, embeddings: Array) -> Array:
    """sqrt(|a - b|^2 + 1e-8) of all rows a and b; embeddings (B, D) of any length.

    In double precision up to the root: of near rows it is a difference of almost equal numbers.
    """
    rows = F.cast(embeddings, "float64")
    ones = F.ones_like(F.slice_axis(rows, axis=0, begin=0, end=1))
    squared = F.dot(F.square(rows), ones, transpose_b=True)  # (B, 1)
    ones = F.ones_like(squared)
    # |a|^2 + |b|^2 - 2 a.b in one product
    left, right = F.concat(rows * -2, squared, ones, dim=1), F.concat(rows, ones, squared, dim=1)
    return F.sqrt(F.cast(F.relu(F.dot(left, right, transpose_b=True)), "float32") + _EPS)


def total(F: ModuleType, values: Array, weights: Array) -> Array:
    """The sum of values times weights, (1,), of two tables of the same shape."""
    return F.dot(F.reshape(values, shape=(-1,)), F.reshape(weights, shape=(-1,)))


def mean(F: ModuleType, values: Array, chosen: Array) -> Array:
    """The mean of the values where ``chosen`` is 1, not 0: (1,), and 0 where none is."""
    return total(F, values, chosen) / F.maximum(total(F, chosen, chosen), 1)


def log_sum_exp(F: ModuleType, values: Array, chosen: Array) -> Array:
    """For each row the logarithm of the sum of exp(value) where ``chosen`` is 1, (B, 1); about -1e9 where none is."""
    values = values * chosen + (1 - chosen) * _LEFT_OUT
    top = F.topk(values, axis=1, k=1)
    return F.pick(values, top, keepdims=True) - F.pick(F.log_softmax(values), top, keepdims=True)
