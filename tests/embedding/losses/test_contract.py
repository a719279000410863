"""What every loss promises, over all of them by name."""

import numpy as np
import pytest
from gradients import value_and_gradient

from embedding import losses
from embedding.batches.loader import Batch
from embedding.losses.base import EmbeddingLoss
from embedding.mx import autograd, gluon, mx, nd
from embedding.network.net import Head
from embedding.training.fit import Optimizers, Schedule, fit

CLASSES, DIM = 4, 8
LABELS = np.repeat(np.arange(CLASSES), 3)


def make(name: str, *, compiled: bool = True) -> EmbeddingLoss:
    mx.random.seed(0)
    loss = losses.get(name).Loss(classes=CLASSES, dim=DIM, batch_k=3)
    loss.initialize()
    loss.hybridize(compiled, static_alloc=True)
    return loss


@pytest.fixture(params=losses.names())
def name(request):
    return request.param


@pytest.fixture
def loss(name):
    return make(name)


@pytest.fixture
def settled(loss):
    """A loss whose own vectors, if it has some for each class, stand where ``rows`` puts the classes."""
    for param in loss.collect_params().values():
        if param.shape == (CLASSES, DIM):
            param.set_data(nd.eye(CLASSES, DIM))
    return loss


def rows(loss: EmbeddingLoss, spread: float, seed: int = 0) -> np.ndarray:
    """Embeddings (12, 8) around four orthogonal directions, one a class; unit rows where the loss wants them."""
    found = np.eye(DIM)[LABELS] + spread * np.random.default_rng(seed).standard_normal((12, DIM))
    return unit(found) if loss.unit_rows else found.astype(np.float32)


def unit(found: np.ndarray) -> np.ndarray:
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def value(loss, embeddings, labels=LABELS, seed=0):
    """The loss where nothing is trained: drawn with ``seed``, it gives the same again."""
    mx.random.seed(seed)
    return loss(nd.array(embeddings), nd.array(labels)).asscalar()


def mean(loss, embeddings, labels=LABELS):
    """The loss, on average where it draws."""
    return np.mean([value(loss, embeddings, labels, seed) for seed in range(50)])


def test_it_is_an_embedding_loss(loss):
    assert isinstance(loss, EmbeddingLoss)
    assert loss.learning_rate is None or loss.learning_rate > 0
    assert loss.optimizer is None or loss.learning_rate is not None


@pytest.mark.parametrize("spread", [0.1, 0.5, 3.0])
def test_value_and_gradient_are_finite(loss, spread):
    value_and_gradient(loss, rows(loss, spread), LABELS)


@pytest.mark.parametrize("labels", [[0, 1, 2, 3], [2, 1], [0, 1, 1, 1, 3, 0], [3, 3, 3]], ids=str)
def test_classes_of_one_image_and_batches_of_one_class_are_finite(loss, labels):
    value_and_gradient(loss, rows(loss, 0.5)[: len(labels)], np.array(labels))


def test_identical_embeddings_are_finite(loss):
    value_and_gradient(loss, np.tile(rows(loss, 0.5)[:1], (12, 1)), LABELS)


def test_opposite_embeddings_are_finite(loss):
    value_and_gradient(loss, np.tile(rows(loss, 0.5)[:1], (12, 1)) * np.tile([[1], [-1]], (6, 1)), LABELS)


def test_the_order_of_the_batch_does_not_matter(loss):
    order = np.random.default_rng(1).permutation(12)
    embeddings = rows(loss, 0.5)
    assert mean(loss, embeddings) == pytest.approx(mean(loss, embeddings[order], LABELS[order]), rel=0.05)


def test_the_numbers_of_the_classes_do_not_matter(loss):
    """Where their own parameters change places with them."""
    embeddings, named = rows(loss, 0.5), np.array([2, 0, 3, 1])
    before = mean(loss, embeddings)
    for param in loss.collect_params().values():
        if param.shape[0] == CLASSES:
            param.set_data(nd.array(param.data().asnumpy()[np.argsort(named)]))
    assert mean(loss, embeddings, named[LABELS]) == pytest.approx(before, rel=0.05)


def test_it_falls_when_positives_come_closer(settled):
    def mean_of(spread):
        return np.mean([value(settled, rows(settled, spread, seed)) for seed in range(10)])

    assert mean_of(0.05) < mean_of(0.4) < mean_of(1.5)


def test_a_step_against_the_gradient_lowers_it(loss):
    embeddings = rows(loss, 0.8)
    _, gradient = value_and_gradient(loss, embeddings, LABELS)
    before = value(loss, embeddings)
    assert value(loss, embeddings - 1e-2 * gradient / np.linalg.norm(gradient)) < before


def test_any_whole_number_type_of_labels_will_do(loss):
    embeddings = nd.array(rows(loss, 0.5))
    found = []
    for dtype in ("float32", "int32", "int64"):
        mx.random.seed(0)
        with autograd.record(train_mode=False):
            found.append(loss(embeddings, nd.array(LABELS, dtype=dtype)).asscalar())
    assert found[0] == found[1] == found[2]


def test_compiled_or_not_and_at_any_batch_size_it_is_the_same(name):
    plain, compiled = make(name, compiled=False), make(name)
    for count in (12, 6, 9, 12):
        embeddings, labels = rows(plain, 0.5)[:count], LABELS[:count]
        expected, expected_gradient = value_and_gradient(plain, embeddings, labels)
        found, gradient = value_and_gradient(compiled, embeddings, labels)
        assert found == pytest.approx(expected, rel=1e-5, abs=1e-6)
        np.testing.assert_allclose(gradient, expected_gradient, atol=1e-5 * max(1, np.abs(expected_gradient).max()))


def test_saved_and_loaded_it_is_the_same(name, loss, tmp_path):
    if not loss.collect_params():
        pytest.skip("it has no parameters")
    embeddings = rows(loss, 0.5)
    for _ in range(3):
        value_and_gradient(loss, embeddings, LABELS)
    loss.save_parameters(str(tmp_path / "loss.params"))
    other = losses.get(name).Loss(classes=CLASSES, dim=DIM, batch_k=3)
    other.load_parameters(str(tmp_path / "loss.params"))
    assert value(other, embeddings) == pytest.approx(value(loss, embeddings), rel=1e-5)
    assert value_and_gradient(other, embeddings, LABELS)[0] == pytest.approx(
        value_and_gradient(loss, embeddings, LABELS)[0], rel=1e-5
    )


def test_each_device_has_what_it_needs_and_all_stay_alike(name):
    """Two contexts of the CPU, each with half of the classes of a batch."""
    devices = [mx.cpu(0), mx.cpu(1)]
    loss, net = losses.get(name).Loss(classes=CLASSES, dim=DIM, batch_k=3), gluon.nn.Dense(DIM, in_units=DIM)
    for block in (loss, net):
        block.initialize(ctx=devices)
        block.hybridize(static_alloc=True)
    batch = Batch(inputs=(nd.array(rows(loss, 0.5)),), targets=(nd.array(LABELS),))
    optimizers = Optimizers(net, loss)
    for epoch in fit(
        net, loss, lambda epoch: [batch] * 3, optimizers=optimizers, schedule=Schedule(0.01), epochs=1, contexts=devices
    ):
        assert np.isfinite(epoch.loss)
    for param in [*loss.collect_params().values(), *net.collect_params().values()]:
        one, other = (data.asnumpy() for data in param.list_data())
        assert param.grad_req == "null" or (one == other).all(), param.name


def test_training_brings_the_images_of_a_class_together(loss):
    """Through the training loop: twelve images that have nothing in common but their labels."""
    mx.random.seed(1)
    net = Head(DIM, unit_rows=loss.unit_rows)
    net.initialize()
    batch = Batch(inputs=(nd.eye(12),), targets=(nd.array(LABELS),))
    net(*batch.inputs)
    optimizers = Optimizers(net, loss, optimizer="adam")
    untrained = nearest_agree(net, batch)
    epochs = fit(
        net,
        loss,
        lambda epoch: [batch] * 20,
        optimizers=optimizers,
        schedule=Schedule(0.05),
        epochs=3,
        contexts=[mx.cpu()],
    )
    assert all(np.isfinite(epoch.loss) for epoch in epochs)
    assert untrained < 0.5
    assert nearest_agree(net, batch) == 1


def nearest_agree(net: gluon.Block, batch: Batch) -> float:
    """The share of images whose nearest other is of their class."""
    found = unit(net(*batch.inputs).asnumpy())
    cosine = found @ found.T - 3 * np.eye(12)
    return np.mean(LABELS[cosine.argmax(axis=1)] == LABELS)


def test_an_unknown_loss_is_named():
    with pytest.raises(Exception, match="unknown loss 'margn': did you mean margin"):
        losses.get("margn")
