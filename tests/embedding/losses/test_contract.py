"""What every loss promises, over all of them by name."""

import numpy as np
import pytest

from embedding import losses
from embedding.losses.base import EmbeddingLoss
from embedding.mx import autograd, mx, nd

LABELS = np.repeat(np.arange(4), 3)


@pytest.fixture(params=losses.names())
def loss(request):
    mx.random.seed(0)
    made = losses.get(request.param).Loss(classes=4, dim=8, batch_k=3)
    assert isinstance(made, EmbeddingLoss)
    made.initialize()
    made.hybridize()
    return made


def rows(spread: float, seed: int = 0) -> np.ndarray:
    """Unit rows (12, 8) around four orthogonal directions, one a class."""
    found = np.eye(8)[LABELS] + spread * np.random.default_rng(seed).standard_normal((12, 8))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def value_and_gradient(loss, embeddings, labels=LABELS):
    x = nd.array(embeddings)
    x.attach_grad()
    with autograd.record():
        value = loss(x, nd.array(labels))
    value.backward()
    return value.asnumpy(), x.grad.asnumpy()


@pytest.mark.parametrize("spread", [0.1, 0.5, 3.0])
def test_value_and_gradient_are_finite(loss, spread):
    value, gradient = value_and_gradient(loss, rows(spread))
    assert value.shape == (1,)
    assert np.isfinite(value).all()
    assert np.isfinite(gradient).all()


def test_the_order_of_the_batch_does_not_matter(loss):
    """On average, where a loss draws."""
    order = np.random.default_rng(1).permutation(12)
    one = np.mean([value_and_gradient(loss, rows(0.5))[0] for _ in range(200)])
    other = np.mean([value_and_gradient(loss, rows(0.5)[order], LABELS[order])[0] for _ in range(200)])
    assert one == pytest.approx(other, rel=0.05)


def test_it_falls_when_positives_come_closer(loss):
    def mean(spread):
        return np.mean([value_and_gradient(loss, rows(spread, seed))[0] for seed in range(10)])

    assert mean(0.05) < mean(0.4) < mean(1.5)


def test_a_step_against_the_gradient_lowers_it(loss):
    embeddings = rows(0.8)
    mx.random.seed(3)
    before, gradient = value_and_gradient(loss, embeddings)
    mx.random.seed(3)
    after, _ = value_and_gradient(loss, embeddings - 1e-3 * gradient / np.linalg.norm(gradient))
    assert after < before


def test_any_whole_number_type_of_labels_will_do(loss):
    for dtype in ("float32", "int32", "int64"):
        x = nd.array(rows(0.5))
        assert np.isfinite(loss(x, nd.array(LABELS, dtype=dtype)).asnumpy()).all()


def test_its_parameters_are_its_own(loss):
    assert loss.learning_rate is None or loss.learning_rate > 0


def test_an_unknown_loss_is_named():
    with pytest.raises(Exception, match="unknown loss 'margn': did you mean margin"):
        losses.get("margn")
