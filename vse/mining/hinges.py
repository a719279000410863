"""Hinges over all pairs of an image and a caption of a batch, in tables (B, B): a row an image, a column a caption.

Row i of the images and row i of the captions belong together; negatives are rows of other images only. Pure functions
of MXNet's ``F``; ``numbers`` (B,) float32 say which image a row is of.
"""

from types import ModuleType

from embedding.mining import pairs
from embedding.mx import Array

# What the score of two rows of the same image is lowered by: no negative is lower, and no hinge is above 0.
_OUT_OF_SIGHT = 1e9


def cosines(F: ModuleType, images: Array, captions: Array) -> Array:
    """The cosines (B, B) of unit rows, images (B, D) with captions (B, D)."""
    return F.dot(images, captions, transpose_b=True)


def order_scores(F: ModuleType, images: Array, captions: Array) -> Array:
    """-|max(0, c - i)|^2 of all images i and captions c, (B, B): 0 where an image is nowhere below a caption.

    It is v.i - v.c with v = max(0, c - i), and its slope is that of twice as much with v held: two products, in a third
    of the time that automatic differentiation of the square takes.
    """
    rows, columns = F.BlockGrad(images), F.BlockGrad(captions)
    of_images = F.relu(F.broadcast_sub(F.expand_dims(columns, 0), F.expand_dims(rows, 1)))  # (B, B, D), an image first
    of_captions = F.relu(F.broadcast_sub(F.expand_dims(columns, 1), F.expand_dims(rows, 0)))  # a caption first
    with_images = F.batch_dot(of_images, F.expand_dims(images, 2))  # (B, B, 1)
    with_captions = F.batch_dot(of_captions, F.expand_dims(captions, 2))
    scores = F.reshape(with_images, shape=(0, -1)) - F.transpose(F.reshape(with_captions, shape=(0, -1)))
    return 2 * scores - F.BlockGrad(scores)


def of_all(F: ModuleType, scores: Array, numbers: Array, margin: float) -> tuple[Array, Array]:
    """The sum of [margin + score - own score]+ over all negative captions of images and negative images of captions.

    With it how many negatives there are of either kind; both (1,).
    """
    negatives = 1 - pairs.same_class(F, numbers)
    own = F.diag(scores)
    to_captions = F.relu(F.broadcast_sub(scores, F.expand_dims(own - margin, 1)))
    to_images = F.relu(F.broadcast_sub(scores, F.expand_dims(own - margin, 0)))
    return pairs.total(F, to_captions + to_images, negatives), pairs.total(F, negatives, negatives)


def of_hardest(F: ModuleType, scores: Array, numbers: Array, margin: float) -> Array:
    """[margin + score - own score]+ with the highest score of a negative: (2, B), of images and of captions.

    0 where a batch has no negative. Of equally high ones a single one is taken, and has all of the gradient.
    """
    seen = scores - pairs.same_class(F, numbers) * _OUT_OF_SIGHT
    below = F.diag(scores) - margin
    highest = (
        F.reshape(F.pick(seen, F.topk(F.BlockGrad(seen), axis=axis, k=1), axis=axis, keepdims=True), shape=(-1,))
        for axis in (1, 0)
    )
    return F.stack(*(F.relu(score - below) for score in highest), axis=0)
