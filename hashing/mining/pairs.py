"""All pairs of a batch of activations: distances, sums, and a value that comes with its slope.

The slope of a sum over all pairs, a table of slopes times the activations, is one product for both images of a pair.
Automatic differentiation would take two, and more tables of (B, B) numbers, which are what such a loss spends its time
on. Pure functions of MXNet's ``F``.
"""

from types import ModuleType

from embedding.mining import pairs
from embedding.mx import Array


def squared_distances(F: ModuleType, rows: Array) -> Array:
    """|h - g|^2 of all rows h and g, (B, B), never below 0; rows (B, K)."""
    ones = F.ones_like(F.slice_axis(rows, axis=0, begin=0, end=1))
    squared = F.dot(F.square(rows), ones, transpose_b=True)  # (B, 1); a product with ones adds up faster than sum()
    left, right = (
        F.concat(rows * -2, squared, F.ones_like(squared), dim=1),
        F.concat(rows, F.ones_like(squared), squared, dim=1),
    )
    return F.Activation(F.dot(left, right, transpose_b=True), act_type="relu")  # |h|^2 + |g|^2 - 2 h.g in one product


def with_slope(F: ModuleType, value: Array, rows: Array, slope: Array) -> Array:
    """The ``value``, (1,), whose gradient of the rows (B, K) is ``slope`` (B, K)."""
    along = pairs.total(F, rows, F.BlockGrad(slope))
    return along + F.BlockGrad(value - along)
