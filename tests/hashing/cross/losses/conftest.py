"""What the tests of losses across two kinds share: batches of both, and a loss held against a plain function."""

import numpy as np
import pytest
from gradients import close, slopes

from embedding.mx import autograd, nd

BITS = 8


class Batch:
    """Activations (B, 8) of both kinds, labels (B,) or (B, L), and which are similar, found one pair at a time."""

    def __init__(self, asking: np.ndarray, answering: np.ndarray, labels: np.ndarray, classes: int = 6) -> None:
        self.asking, self.answering, self.labels, self.classes = asking, answering, labels, classes

    def similar(self, i: int, j: int) -> bool:
        one, other = self.labels[i], self.labels[j]
        return i == j or (one == other if self.labels.ndim == 1 else bool((one & other).any()))


KINDS = ("one label", "one class", "alone", "zero", "several labels", "none labelled", "nothing shared")


@pytest.fixture(params=KINDS)
def batch(request) -> Batch:
    """Batches in no order, ordinary and odd."""
    rng = np.random.default_rng(5)
    asking, answering = np.tanh(rng.standard_normal((2, 7, BITS)))
    labels, classes = np.array([2, 0, 1, 1, 2, 0, 5]), 6
    several = rng.random((7, classes)) < 0.3
    match request.param:
        case "one class":
            labels = np.full(7, 3)
        case "alone":
            asking, answering, labels = asking[:1], answering[:1], labels[:1]
        case "zero":
            asking[3] = 0
        case "several labels":
            labels = several
        case "none labelled":
            labels = np.zeros_like(several)
        case "nothing shared":
            labels, classes = np.eye(7, dtype=bool), 7
    return Batch(asking, answering, labels, classes)


@pytest.fixture
def equals_plain():
    """A check that a loss ``kind`` of ``own`` settings, compiled and not, is ``plain(asking, answering)`` on the batch,
    in value and in both gradients."""

    def check(kind, batch, plain, **own):
        at = [rows.astype(np.float32).astype(np.float64) for rows in (batch.asking, batch.answering)]
        expected = np.array([plain(*at)])
        gradients = [slopes(lambda rows: plain(rows, at[1]), at[0]), slopes(lambda rows: plain(at[0], rows), at[1])]
        for compiled in (False, True):
            loss = kind(bits=BITS, classes=batch.classes, **own)
            loss.initialize()
            loss.hybridize(compiled, static_alloc=True, static_shape=True)
            given = [nd.array(rows) for rows in at]
            for rows in given:
                rows.attach_grad()
            with autograd.record():
                value = loss(*given, nd.array(batch.labels))
            value.backward()
            assert value.shape == (1,)
            close(value.asnumpy(), expected)
            for rows, gradient in zip(given, gradients, strict=True):
                close(rows.grad.asnumpy(), gradient)

    return check
