"""Deep adversarial metric learning (Duan, Zheng, Lin, Lu, Zhou, CVPR 2018): two players in one loss."""

from types import ModuleType
from typing import Any

from embedding.adversarial.generator import Generator
from embedding.losses.base import MetricLoss
from embedding.mining import pairs
from embedding.mx import Array, nd

_EPS = 1e-8  # inside every root, as in the losses themselves

# What ``measures`` tells, in order.
MEASURES = ("distance to synthetic", "distance to negative", "synthetic nearer")


class AdversarialLoss(MetricLoss):
    """A loss whose negatives n are replaced by synthetic ones, s = G(a, p, n), that a generator G makes to be hard.

    G minimises J_gen, the mean over triplets (a, p, n) of

        |s - a|^2 + lambda_1 |s - n|^2 + lambda_2 [|s - a|^2 - |p - a|^2 - adv_margin]+

    : near the anchor, near the negative that it stands for, and inside the margin. The embedding minimises
    lambda_real times the loss itself plus lambda_m times the loss with s for n. Each player has the gradient of its own
    alone; the embedding's goes through G, as G's input moves with it. Up to epoch ``adv_warm_up`` the embedding
    minimises the loss itself, while G already learns to stand against it.

    The value is the embedding's; that of G adds its gradient and nothing else. A kind of loss takes part by inheriting
    first from its plain form, then from this; its ``hybrid_forward`` gives one output more, of ``measures``.

    lambda_1, lambda_2, lambda_m : of the formulae; 1, 50 and 1 in the paper, where the last is lambda
    lambda_real : weight of the loss on negatives of the batch, after the warm-up; 0 in the paper's code
    adv_margin : alpha, of squared distances
    adv_warm_up : epochs before synthetic negatives are used
    lr_generator : learning rate of G, which Adam trains
    """

    optimizer = "adam"

    def __init__(
        self,
        *,
        lambda_1: float = 5.0,
        lambda_2: float = 1.0,
        lambda_m: float = 1.0,
        lambda_real: float = 1.0,
        adv_margin: float = 1.0,
        adv_warm_up: int = 4,
        lr_generator: float = 1e-3,
        **told: Any,
    ) -> None:
        super().__init__(**told)
        self.learning_rate = lr_generator
        self._lambda_1, self._lambda_2, self._adv_margin = lambda_1, lambda_2, adv_margin
        self._playing, self._adv_warm_up = (lambda_real, lambda_m), adv_warm_up
        self._measured: list[nd.NDArray] = []
        # Of the loss on the batch's negatives and on synthetic ones: a number that compiled graphs read, not a part of
        # them, as it changes.
        self.shares = self.params.get_constant("shares", nd.array(self._playing))

    def make_generator(self) -> None:
        """Make G, as soon as ``unit_rows`` is settled."""
        self.generator = Generator(dim=self._dim, unit_rows=self.unit_rows)

    def begin(self, epoch: int) -> None:
        """The loss itself up to epoch ``adv_warm_up``, then against synthetic negatives."""
        super().begin(epoch)
        self._measured.clear()
        self.shares.set_data(nd.array(self._playing if epoch > self._adv_warm_up else (1.0, 0.0)))

    def forward(self, *inputs: nd.NDArray) -> nd.NDArray | list[nd.NDArray]:
        """What ``hybrid_forward`` gives without its last output, which is kept for ``measures``."""
        *found, measured = super().forward(*inputs)
        self._measured.append(measured.detach())
        return found[0] if len(found) == 1 else found

    def measures(self) -> dict[str, float]:
        """Means over the epoch: how far anchors are from synthetic negatives and from those that these stand for.

        And the share of triplets whose synthetic negative is the nearer one.
        """
        if not self._measured:
            return {}
        means = sum(found.asnumpy() for found in self._measured) / len(self._measured)
        return dict(zip(MEASURES, means.tolist(), strict=True))

    def played(
        self,
        F: ModuleType,
        real: Array,
        synthetic: Array,
        shares: Array,
        made: Array,
        embeddings: Array,
        rows: tuple[Array, Array, Array],
        chosen: Array,
    ) -> tuple[Array, Array]:
        """Both players' losses as one value (1,), and ``measures``.

        real, synthetic : (1,), the loss on negatives of the batch and on synthetic ones
        made : (T, D), the generator's own; rows : anchor, positive and negative, (T,) each, as the generator got them
        chosen : T numbers in any shape, 1 for a triplet, 0 for a slot that holds none
        """
        of_real, of_synthetic = F.split(shares, num_outputs=2, axis=0)
        anchors, positives, negatives = (F.take(F.BlockGrad(embeddings), of_part) for of_part in rows)
        hard, to_positive, to_negative = (squared(F, x, anchors) for x in (made, positives, negatives))
        outside = F.relu(hard - to_positive - self._adv_margin)
        terms = hard + self._lambda_1 * squared(F, made, negatives) + self._lambda_2 * outside
        chosen = F.reshape(chosen, shape=(-1,))
        generator = pairs.mean(F, terms, chosen)
        told = (F.sqrt(hard + _EPS), F.sqrt(to_negative + _EPS), hard < to_negative)
        measured = F.concat(*(pairs.mean(F, x, chosen) for x in told), dim=0)
        metric = real * of_real + synthetic * of_synthetic
        return metric + (generator - F.BlockGrad(generator)), F.BlockGrad(measured)


def squared(F: ModuleType, one: Array, other: Array) -> Array:
    """|a - b|^2 of vectors (T, D), row by row: (T,)."""
    return products(F, *[one - other] * 2)


def products(F: ModuleType, one: Array, other: Array) -> Array:
    """a.b of vectors (T, D), row by row: (T,)."""
    # A product with ones adds up D columns many times faster than sum() does on the CPU.
    ones = F.reshape(F.ones_like(F.slice_axis(one, axis=0, begin=0, end=1)), shape=(-1,))
    return F.dot(one * other, ones)


def distances(F: ModuleType, one: Array, other: Array) -> Array:
    """sqrt(|a - b|^2 + 1e-8) of vectors (T, D), row by row: (T,)."""
    return F.sqrt(squared(F, one, other) + _EPS)


def table(F: ModuleType, numbers: Array, like: Array, *, axis: int) -> Array:
    """Numbers (N,) or (N, 1) in every row, or with ``axis`` 1 in every column, of a table such as ``like``: flat."""
    flat = F.expand_dims(F.reshape(numbers, shape=(-1,)), axis)
    return F.reshape(F.broadcast_like(flat, like), shape=(-1,))
