"""What the tests of losses share: a loss held against a plain function of the same numbers, and batches to do so on."""

import numpy as np
import pytest
from gradients import close, slopes

from embedding.mx import autograd, mx, nd


@pytest.fixture
def equals_plain():
    """A check that ``loss`` is ``plain(embeddings, weight, labels)``, in value and both gradients.

    scale : what its logits are multiplied by, and with them the rounding; block : which holds the weight, if not it
    """

    def check(loss, plain, embeddings, weight, labels, *, scale=1.0, block=None):
        parameter = (block or loss).weight
        parameter.set_data(nd.array(weight))
        x = nd.array(embeddings)
        x.attach_grad()
        with autograd.record():
            value = loss(x, nd.array(labels))
        value.backward()
        embeddings, weight = x.asnumpy().astype(np.float64), parameter.data().asnumpy().astype(np.float64)
        assert value.shape == (1,)
        close(value.asnumpy(), np.array([plain(embeddings, weight, labels)]), scale=1.0)
        close(x.grad.asnumpy(), slopes(lambda found: plain(found, weight, labels), embeddings, step=1e-7), scale=scale)
        close(
            parameter.grad().asnumpy(),
            slopes(lambda found: plain(embeddings, found, labels), weight, step=1e-7),
            scale=scale,
        )

    return check


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture(
    params=[
        "random",
        "one image a class",
        "one class",
        "identical",
        "on the weights",
        "opposite the weights",
        "all angles",
    ]
)
def batch(request) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Embeddings (B, 5) with unit rows, weights (6, 5) of any length and labels (B,), ordinary and odd."""
    rng = np.random.default_rng(7)
    weight = rng.standard_normal((6, 5))
    labels = np.array([2, 0, 1, 1, 2, 0, 2, 5])
    rows = rng.standard_normal((8, 5))
    match request.param:
        case "one image a class":
            labels, rows = np.array([4, 2, 5]), rows[:3]
        case "one class":
            labels = np.full(8, 3)
        case "identical":
            rows = np.tile(rows[:1], (8, 1))
        case "on the weights":
            rows = weight[labels]
        case "opposite the weights":
            rows = -weight[labels]
        case "all angles":  # to the own class, from nearly 0 to nearly pi
            own, angles = unit(weight[labels]), np.linspace(0.1, np.pi - 0.1, 8)[:, None]
            across = unit(rows - (rows * own).sum(1, keepdims=True) * own)
            rows = own * np.cos(angles) + across * np.sin(angles)
    return unit(rows), weight, labels


@pytest.fixture(params=[False, True], ids=["plain", "compiled"])
def pair_loss(request):
    """Makes a loss without weights, compiled or not, and holds it against ``plain(embeddings)``, value and gradient."""

    class PairLoss:
        def make(self, kind, **own):
            loss = kind(classes=6, dim=5, **own)
            loss.initialize()
            loss.hybridize(request.param, static_alloc=True)
            return loss

        def check(self, loss, plain, embeddings, labels, *, gradient_of=None):
            mx.random.seed(0)
            x = nd.array(embeddings)
            x.attach_grad()
            with autograd.record():
                value = loss(x, nd.array(labels))
            value.backward()
            embeddings = x.asnumpy().astype(np.float64)
            assert value.shape == (1,)
            close(value.asnumpy(), np.array([plain(embeddings)]), scale=1.0)
            close(x.grad.asnumpy(), slopes(gradient_of or plain, embeddings, step=1e-7), scale=1.0)

    return PairLoss()


@pytest.fixture(params=["random", "even", "one image a class", "one class", "identical", "ties", "alone"])
def pair_batch(request) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings (B, 5) with unit rows and labels (B,) in no order, ordinary and odd."""
    rng = np.random.default_rng(5)
    labels = np.array([2, 0, 1, 1, 2, 0, 2, 4, 4, 2, 5])
    rows = rng.standard_normal((11, 5)) + 0.5
    match request.param:
        case "even":
            labels, rows = np.repeat([3, 1, 4, 0], 2)[rng.permutation(8)], rows[:8]
        case "one image a class":
            labels, rows = np.array([4, 2, 5]), rows[:3]
        case "one class":
            labels = np.full(11, 3)
        case "identical":
            rows = np.tile(rows[:1], (11, 1))
        case "ties":
            rows = np.concatenate([np.eye(5), -np.eye(5), np.eye(5)[:1]])
        case "alone":
            labels, rows = labels[:1], rows[:1]
    return unit(rows), labels
