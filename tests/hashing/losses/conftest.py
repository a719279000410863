"""What the tests of losses of hashing share: a loss held against a plain function, and batches to do so on."""

import numpy as np
import pytest
from gradients import close, slopes

from embedding.mx import autograd, mx, nd

BITS = 8


class Batch:
    """Activations (B, 8), labels (B,) or (B, L), and which are similar, found one pair at a time."""

    def __init__(self, activations: np.ndarray, labels: np.ndarray, classes: int = 6) -> None:
        self.activations, self.labels, self.classes = activations, labels, classes

    def similar(self, i: int, j: int) -> bool:
        one, other = self.labels[i], self.labels[j]
        return one == other if self.labels.ndim == 1 else bool((one & other).any())

    def pairs(self) -> list[tuple[int, int, bool]]:
        """All ordered pairs of two images, and whether they are similar."""
        count = len(self.labels)
        return [(i, j, self.similar(i, j)) for i in range(count) for j in range(count) if i != j]

    def weighted_mean(self, cost, similar_weight: float | None) -> float:
        """Of cost(i, j, similar) over all pairs: balanced where ``similar_weight`` is None."""
        pairs = self.pairs()
        count = sum(s for _, _, s in pairs)
        weight = {True: 1.0 if similar_weight is None else similar_weight, False: 1.0}
        if similar_weight is None and 0 < count < len(pairs):
            weight = {True: len(pairs) / count, False: len(pairs) / (len(pairs) - count)}
        total = sum(weight[s] for _, _, s in pairs)
        return sum(weight[s] * cost(i, j, s) for i, j, s in pairs) / total if pairs else 0.0


@pytest.fixture
def equals_plain():
    """A check that a loss ``kind`` of ``own`` settings, compiled and not, is ``plain(activations)`` on the batch, in
    value and gradient.

    gradient_of : another function with its gradient, if not ``plain``
    """

    def check(kind, batch, plain, *, gradient_of=None, **own):
        at = batch.activations.astype(np.float32).astype(np.float64)
        expected, gradient = np.array([plain(at)]), slopes(gradient_of or plain, at)
        for compiled in (False, True):
            loss = kind(bits=BITS, classes=batch.classes, **own)
            loss.initialize()
            loss.hybridize(compiled, static_alloc=True, static_shape=True)
            x = nd.array(at)
            x.attach_grad()
            mx.random.seed(0)
            with autograd.record():
                value = loss(x, nd.array(batch.labels))
            value.backward()
            assert value.shape == (1,)
            close(value.asnumpy(), expected)
            close(x.grad.asnumpy(), gradient)

    return check


@pytest.fixture
def drawn_order():
    """The order that a loss draws in ``check``: positives p of an anchor have the negative order[p], or none."""

    def order(batch) -> np.ndarray:
        mx.random.seed(0)
        return nd.random.shuffle(nd.arange(len(batch.labels))).asnumpy().astype(int)

    return order


KINDS = ["random", "one image a class", "one class", "identical", "saturated", "zero", "alone", "many classes"]
KINDS += ["several labels", "unlabelled", "none labelled", "nothing shared"]


@pytest.fixture(params=KINDS)
def batch(request) -> Batch:
    """Batches in no order, ordinary and odd."""
    rng = np.random.default_rng(5)
    labels, rows, classes = np.array([2, 0, 1, 1, 2, 0, 5]), np.tanh(rng.standard_normal((7, BITS))), 6
    several = np.random.default_rng(3).random((7, classes)) < 0.3
    several[:, 0] |= ~several.any(axis=1)
    match request.param:
        case "one image a class":
            labels, rows = np.array([4, 2, 5]), rows[:3]
        case "one class":
            labels = np.full(7, 3)
        case "identical":
            rows = np.tile(rows[:1], (7, 1))
        case "saturated":
            rows = np.sign(rows)
        case "zero":
            rows[3] = 0
        case "alone":
            labels, rows = labels[:1], rows[:1]
        case "many classes":
            labels, classes = labels * 59, 300
        case "several labels":
            labels = several
        case "unlabelled":
            labels = several & (np.arange(7) % 3 > 0)[:, None]
        case "none labelled":
            labels = np.zeros_like(several)
        case "nothing shared":
            labels, classes = np.eye(7, dtype=bool), 7
    return Batch(rows, labels, classes)
