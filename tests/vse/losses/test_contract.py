"""What every loss of image-text embedding promises, over all of them by name."""

import numpy as np
import pytest

from embedding.batches.loader import Batch
from embedding.mx import autograd, gluon, mx, nd
from embedding.training.fit import Optimizers, Schedule, fit
from vse import losses
from vse.losses.base import PairingLoss
from vse.network.towers import unit

IMAGES, DIM = 20, 8
NUMBERS = np.array([3, 19, 7, 0, 11, 12, 5, 8, 16, 2])
EPOCHS = (1, 2, 9)  # in a warm-up or after it


def make(name: str, *, compiled: bool = True) -> PairingLoss:
    mx.random.seed(0)
    loss = losses.get(name).Loss(images=IMAGES, dim=DIM)
    loss.initialize()
    loss.hybridize(compiled, static_alloc=True)
    return loss


@pytest.fixture(params=losses.names())
def name(request):
    return request.param


@pytest.fixture
def loss(name):
    return make(name)


@pytest.fixture(params=EPOCHS)
def begun(request, loss):
    """The loss in an epoch."""
    loss.begin(request.param)
    return loss


def rows(loss: PairingLoss, spread: float, seed: int = 0, count: int = 10) -> list[np.ndarray]:
    """Images and captions (count, 8), those of a pair ``spread`` apart, as the loss wants them."""
    rng = np.random.default_rng(seed)
    images = np.random.default_rng(4).standard_normal((10, DIM))[:count]
    captions = images + spread * rng.standard_normal((10, DIM))[:count]
    return [unit(nd, nd.array(found), positive=loss.similarity == "order").asnumpy() for found in (images, captions)]


def value(loss, images, captions, numbers=NUMBERS):
    return loss(nd.array(images), nd.array(captions), nd.array(numbers)).asscalar()


def value_and_gradients(loss, images, captions, numbers=NUMBERS):
    """The loss in a step of training, and its gradients."""
    inputs = [nd.array(images), nd.array(captions)]
    for x in inputs:
        x.attach_grad()
    with autograd.record():
        found = loss(*inputs, nd.array(numbers))
    found.backward()
    gradients = [x.grad.asnumpy() for x in inputs]
    assert found.shape == (1,)
    for array in (found.asnumpy(), *gradients, *(p.grad().asnumpy() for p in loss.collect_params().values())):
        assert np.isfinite(array).all()
    return found.asscalar(), gradients


def test_it_is_a_loss_of_pairs(loss):
    assert isinstance(loss, PairingLoss)
    assert loss.similarity in ("cosine", "order")
    assert loss.learning_rate is None or loss.learning_rate > 0


@pytest.mark.parametrize("spread", [0.1, 0.5, 3.0])
def test_value_and_gradients_are_finite(begun, spread):
    value_and_gradients(begun, *rows(begun, spread))


@pytest.mark.parametrize("numbers", [[2], [2, 5], [4, 4, 4], [1, 2, 1, 3, 1]], ids=str)
def test_batches_without_a_negative_and_with_several_captions_of_an_image_are_finite(begun, numbers):
    value_and_gradients(begun, *rows(begun, 0.5, count=len(numbers)), np.array(numbers))


def test_identical_and_opposite_embeddings_are_finite(begun):
    images, captions = (np.tile(found[:1], (10, 1)) for found in rows(begun, 0.5))
    for sign in (1, -1):
        value_and_gradients(begun, images, sign * images)
        value_and_gradients(begun, images * np.tile([[1], [-1]], (5, 1)), sign * captions)


def test_the_order_of_the_batch_does_not_matter(begun):
    order, numbers = np.random.default_rng(1).permutation(10), NUMBERS[[0, 1, 2, 0, 3, 4, 4, 5, 6, 7]]
    found, gradients = value_and_gradients(begun, *rows(begun, 0.5), numbers)
    moved, moved_gradients = value_and_gradients(begun, *(x[order] for x in rows(begun, 0.5)), numbers[order])
    assert moved == pytest.approx(found, rel=1e-5)
    for one, other in zip(moved_gradients, gradients, strict=True):
        np.testing.assert_allclose(one, other[order], atol=1e-5 * max(1, np.abs(other).max()))


def test_rows_of_the_same_image_are_no_negatives(begun):
    """Whose embeddings then do not matter to each other: with none but them there is nothing to tell apart."""
    images, captions = rows(begun, 0.5, count=3)
    numbers = np.array([6, 6, 6])
    found = value(begun, images, captions, numbers)
    alone = np.mean([value(begun, images[i : i + 1], captions[i : i + 1], numbers[:1]) for i in range(3)])
    assert found == pytest.approx(alone, abs=1e-5)


def test_it_falls_when_pairs_come_closer(begun):
    for param in begun.collect_params().values():  # the classes stand where the images are
        weight = np.random.default_rng(0).standard_normal((IMAGES, DIM))
        weight[NUMBERS] = rows(begun, 0.0)[0]
        param.set_data(nd.array(weight))

    def mean_of(spread):
        return np.mean([value(begun, *rows(begun, spread, seed)) for seed in range(10)])

    assert mean_of(0.1) < mean_of(0.5) < mean_of(2.0)


def test_a_step_against_the_gradients_lowers_it(begun):
    inputs = rows(begun, 1.0)
    before, gradients = value_and_gradients(begun, *inputs)
    length = np.sqrt(sum((gradient**2).sum() for gradient in gradients))
    assert value(begun, *(x - 1e-3 / length * g for x, g in zip(inputs, gradients, strict=True))) < before


def test_any_whole_number_type_of_numbers_will_do(begun):
    images, captions = (nd.array(x) for x in rows(begun, 0.5))
    found = {
        begun(images, captions, nd.array(NUMBERS, dtype=dtype)).asscalar() for dtype in ("float32", "int32", "int64")
    }
    assert len(found) == 1


def test_compiled_or_not_in_any_epoch_and_at_any_batch_size_it_is_the_same(name):
    plain, compiled = make(name, compiled=False), make(name)
    for epoch in (*EPOCHS, 1):
        for count in (10, 6, 9, 10):
            plain.begin(epoch)
            compiled.begin(epoch)
            inputs = (*rows(plain, 0.5, count=count), NUMBERS[:count])
            expected, expected_gradients = value_and_gradients(plain, *inputs)
            found, gradients = value_and_gradients(compiled, *inputs)
            assert found == pytest.approx(expected, rel=1e-5, abs=1e-6)
            for one, other in zip(gradients, expected_gradients, strict=True):
                np.testing.assert_allclose(one, other, atol=1e-5 * max(1, np.abs(other).max()))


def test_saved_and_loaded_it_is_the_same(name, loss, tmp_path):
    if not loss.collect_params():
        pytest.skip("it has no parameters")
    loss.save_parameters(str(tmp_path / "loss.params"))
    other = losses.get(name).Loss(images=IMAGES, dim=DIM)
    other.load_parameters(str(tmp_path / "loss.params"))
    assert value(other, *rows(loss, 0.5)) == pytest.approx(value(loss, *rows(loss, 0.5)), rel=1e-5)


class TwoTables(gluon.HybridBlock):
    """An embedding of each image and one of each caption, with nothing in common."""

    def __init__(self, *, positive: bool) -> None:
        super().__init__()
        self._positive = positive
        self.tables = [gluon.nn.Dense(DIM, in_units=10, use_bias=False) for _ in range(2)]
        self.register_child(self.tables[0])
        self.register_child(self.tables[1])

    def hybrid_forward(self, F, which):
        return tuple(unit(F, table(which), positive=self._positive) for table in self.tables)


def right_of(net: TwoTables, similarity: str) -> float:
    """The share of images whose most similar caption is their own."""
    images, captions = (found.asnumpy() for found in net(nd.eye(10)))
    if similarity == "order":
        scores = -(np.maximum(captions - images[:, None], 0) ** 2).sum(axis=2)
    else:
        scores = images @ captions.T
    return float(np.mean(scores.argmax(axis=1) == np.arange(10)))


def test_training_brings_pairs_together(loss):
    """Through the training loop, on two devices, over the end of a warm-up."""
    mx.random.seed(1)
    devices, rng = [mx.cpu(0), mx.cpu(1)], np.random.default_rng(0)
    net = TwoTables(positive=loss.similarity == "order")
    net.initialize(mx.init.Normal(0.5), ctx=devices)
    loss.collect_params().reset_ctx(devices)
    orders = [rng.permutation(10) for _ in range(60)]
    batches = [Batch(inputs=(nd.eye(10)[order],), targets=(nd.array(NUMBERS[order]),)) for order in orders]
    optimizers = Optimizers(net, loss, optimizer="adam")
    how = {"optimizers": optimizers, "schedule": Schedule(0.05), "epochs": 4, "contexts": devices}
    untrained = right_of(net, loss.similarity)
    assert all(np.isfinite(epoch.loss) for epoch in fit(net, loss, lambda _: batches, **how))
    assert untrained < 0.5
    assert right_of(net, loss.similarity) == 1


def test_an_unknown_loss_is_named():
    with pytest.raises(Exception, match="unknown loss 'max_hing': did you mean max_hinge"):
        losses.get("max_hing")
