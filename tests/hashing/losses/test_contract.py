"""What every loss of hashing promises, over all of them by name."""

import gradients
import numpy as np
import pytest

from embedding.batches.loader import Batch
from embedding.mx import autograd, gluon, mx, nd
from embedding.training.fit import Optimizers, Schedule, fit
from hashing import losses
from hashing.codes import BLOCK
from hashing.losses.base import HashLoss
from hashing.losses.csq import hash_centres
from hashing.net import HEADS

CLASSES, BITS = 4, 16
LABELS = np.repeat(np.arange(CLASSES), 3)
CODES = hash_centres(CLASSES, BITS, seed=0)[LABELS]
SEVERAL = np.eye(CLASSES)[LABELS] + np.eye(CLASSES)[LABELS[::-1]] > 0


def make(name: str, *, compiled: bool = True, classes: int = CLASSES) -> HashLoss:
    """The loss; where it has weights of its own, these have learned the codes of the classes."""
    mx.random.seed(0)
    loss = losses.get(name).Loss(bits=BITS, classes=classes)
    loss.initialize()
    loss.hybridize(compiled, static_alloc=True)
    own = [param for param in loss.collect_params().values() if param.grad_req != "null"]
    if own:
        trainer, activations = gluon.Trainer(own, "adam", {"learning_rate": 0.1}), nd.array(rows(loss, 0.1))
        for _ in range(50):
            with autograd.record():
                cost = loss(activations, nd.array(LABELS))
            cost.backward()
            trainer.step(1)
    return loss


def told(loss: HashLoss, labels: np.ndarray) -> np.ndarray:
    """What the loss is given for images of these labels."""
    return loss.prepare(np.asarray(labels), np.random.default_rng(7))


def value_and_gradient(loss: HashLoss, activations: np.ndarray, labels: np.ndarray):
    return gradients.value_and_gradient(loss, activations, told(loss, labels))


def codes(loss: HashLoss) -> np.ndarray:
    """(12, A) of 1 and -1, a code a class: those that the loss has made, a unit a block, or some far apart."""
    if loss.head == "blocks":
        units = 2 * np.eye(BLOCK)[np.arange(CLASSES)] - 1
        return np.tile(units, BITS // 8)[LABELS]
    made = told(loss, LABELS)
    return 2.0 * made - 1 if made.ndim == 2 else CODES


@pytest.fixture(params=losses.names())
def name(request):
    return request.param


@pytest.fixture
def loss(name):
    return make(name)


def rows(loss: HashLoss, spread: float, seed: int = 0) -> np.ndarray:
    """Activations (12, 16), of blocks (12, 512), around four codes far apart, one a class; between -1 and 1 where the
    loss wants them so.
    """
    far = codes(loss)
    noise = spread * np.random.default_rng(seed).standard_normal(far.shape)
    if loss.head == "blocks":
        return 5 * far + noise
    return np.clip(0.9 * far + noise, -0.999, 0.999) if loss.tanh else 1.5 * far + noise


def value(loss, activations, labels=LABELS, seed=0):
    mx.random.seed(seed)
    return loss(nd.array(activations), nd.array(told(loss, labels))).asscalar()


def mean(loss, activations, given):
    """The loss, on average where it draws, of what it is ``given`` for the labels."""

    def drawn(seed):
        mx.random.seed(seed)
        return loss(nd.array(activations), nd.array(given)).asscalar()

    return np.mean([drawn(seed) for seed in range(200 if drawn(0) != drawn(1) else 1)])


def test_it_is_a_loss_of_hashing(loss):
    assert isinstance(loss, HashLoss)
    assert not loss.unit_rows
    assert loss.tanh or not loss.sharpens


@pytest.mark.parametrize("spread", [0.1, 0.5, 3.0])
@pytest.mark.parametrize("labels", [LABELS, SEVERAL, SEVERAL * (LABELS > 1)[:, None]], ids=["one", "several", "none"])
def test_value_and_gradient_are_finite(loss, spread, labels):
    value_and_gradient(loss, rows(loss, spread), labels)


@pytest.mark.parametrize("labels", [[0, 1, 2, 3], [2], [2, 1], [3, 3, 3]], ids=str)
def test_batches_without_a_similar_pair_or_without_another_are_finite(loss, labels):
    value_and_gradient(loss, rows(loss, 0.5)[: len(labels)], np.array(labels))


@pytest.mark.parametrize("what", [0.0, 1.0, 50.0])
def test_identical_and_opposite_activations_are_finite(loss, what):
    same = np.full_like(rows(loss, 0.5), what)
    value_and_gradient(loss, same, LABELS)
    value_and_gradient(loss, same * np.tile([[1], [-1]], (6, 1)), LABELS)


@pytest.mark.parametrize("labels", [LABELS, SEVERAL], ids=["one", "several"])
def test_the_order_of_the_batch_does_not_matter(loss, labels):
    order = np.random.default_rng(1).permutation(12)
    activations, given = rows(loss, 0.5), told(loss, labels)

    assert mean(loss, activations, given) == pytest.approx(mean(loss, activations[order], given[order]), rel=0.05)


def test_one_label_is_the_same_as_several_of_which_one_is_there(loss):
    """In one block, back and forth."""
    activations, several = rows(loss, 0.5), np.eye(CLASSES)[LABELS]
    for labels in (LABELS, several, LABELS):
        found, gradient = value_and_gradient(loss, activations, labels)
        expected, expected_gradient = value_and_gradient(loss, activations, LABELS)
        assert found == pytest.approx(expected, rel=1e-5)
        np.testing.assert_allclose(gradient, expected_gradient, atol=1e-5)


def test_many_classes_are_the_same_as_few(name, loss):
    if loss.collect_params():
        pytest.skip("its centres or its weights depend on how many there are")
    activations = rows(loss, 0.5)
    assert value(make(name, classes=1000), activations) == pytest.approx(value(loss, activations), rel=1e-5)


@pytest.mark.parametrize("labels", [LABELS, SEVERAL * (LABELS > 0)[:, None]], ids=["one", "several"])
def test_it_falls_when_similar_images_come_closer(loss, labels):
    def mean_of(spread):
        return np.mean([value(loss, rows(loss, spread, seed), labels, seed) for seed in range(10)])

    assert labels.ndim == 2 or mean_of(0.05) <= mean_of(0.5) < mean_of(1.5)
    activations = rows(loss, 1.0)
    _, gradient = value_and_gradient(loss, activations, labels)
    closer = activations - 1e-2 * gradient / np.linalg.norm(gradient)
    assert value(loss, closer, labels) < value(loss, activations, labels)


def test_any_number_type_of_labels_will_do(loss):
    activations = nd.array(rows(loss, 0.5))
    for labels, types in ((LABELS, ("float32", "int32", "int64")), (SEVERAL, ("float32", "uint8", "bool"))):
        found = set()
        for dtype in types:
            mx.random.seed(0)
            found.add(loss(activations, nd.array(told(loss, labels), dtype=dtype)).asscalar())
        assert len(found) == 1


def test_compiled_or_not_and_at_any_batch_size_it_is_the_same(name):
    loss = make(name, compiled=False)
    batches = [(rows(loss, 0.5)[:count], LABELS[:count]) for count in (12, 6, 9, 12)]
    plain = [value_and_gradient(loss, *batch) for batch in batches]
    loss.hybridize(static_alloc=True)
    for batch, (expected, expected_gradient) in zip(batches, plain, strict=True):
        found, gradient = value_and_gradient(loss, *batch)
        assert found == pytest.approx(expected, rel=1e-5, abs=1e-6)
        np.testing.assert_allclose(gradient, expected_gradient, atol=1e-5 * max(1, np.abs(expected_gradient).max()))


def test_saved_and_loaded_it_is_the_same(name, loss, tmp_path):
    loss.save_parameters(str(tmp_path / "loss.params"))
    other = losses.get(name).Loss(bits=BITS, classes=CLASSES)
    if loss.collect_params():
        other.load_parameters(str(tmp_path / "loss.params"))
    activations = rows(loss, 0.5)
    assert value(other, activations) == pytest.approx(value(loss, activations), rel=1e-5)


def test_training_brings_the_codes_of_a_class_together(loss):
    """Through the training loop: twelve images that have nothing in common but their labels, on two devices."""
    mx.random.seed(1)
    devices = [mx.cpu(0), mx.cpu(1)]
    net = HEADS[loss.head](BITS, **({"tanh": loss.tanh} if loss.head == "dense" else {}))
    net.initialize(ctx=devices)
    for device in devices:
        net(nd.eye(12, ctx=device))
    loss.collect_params().reset_ctx(devices)
    rng, given = np.random.default_rng(0), told(loss, LABELS)
    orders = [rng.permutation(12) for _ in range(60)]
    batches = [Batch(inputs=(nd.eye(12)[order],), targets=(nd.array(given[order]),)) for order in orders]
    optimizers = Optimizers(net, loss, optimizer="adam")
    how = {"optimizers": optimizers, "schedule": Schedule(0.05), "epochs": 2, "contexts": devices}
    for epoch in fit(net, loss, lambda _: batches, **how):
        assert np.isfinite(epoch.loss)
    found = net(nd.eye(12)).asnumpy() > 0
    apart = (found[:, None] != found).sum(axis=2)
    same = LABELS[:, None] == LABELS
    assert apart[same].max() < apart[~same].min()


def test_an_unknown_loss_is_named():
    with pytest.raises(Exception, match="unknown method 'hashnt': did you mean hashnet"):
        losses.get("hashnt")
