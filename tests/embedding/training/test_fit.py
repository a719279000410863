"""The training loop: what it computes, when it stops, and that it can be taken up again."""

import logging

import numpy as np
import pytest

from datasets.errors import InputError
from embedding.batches.loader import Batch
from embedding.losses.base import EmbeddingLoss
from embedding.mx import gluon, mx, nd
from embedding.training.fit import Diverged, Optimizers, Schedule, fit


class SquaredError(EmbeddingLoss):
    """A loss with a parameter of its own: an offset of the prediction."""

    optimizer = "sgd"

    def __init__(self, learning_rate=None):
        super().__init__()
        self.learning_rate = learning_rate
        self.offset = self.params.get("offset", shape=(1,), init="zeros")

    def hybrid_forward(self, F, predicted, wanted, offset):
        return F.mean(F.square(F.broadcast_add(predicted, offset) - F.expand_dims(wanted, 1))).reshape((1,))


def data(epoch: int, count: int = 4) -> list[Batch]:
    rng = np.random.default_rng(epoch)
    x = rng.standard_normal((count, 6, 3))
    return [Batch((nd.array(part),), (nd.array(part.sum(axis=1)),)) for part in x]


def make(learning_rate=0.05, **options):
    mx.random.seed(1)
    net, loss = gluon.nn.Dense(1, in_units=3), SquaredError(learning_rate)
    net.initialize(mx.init.Xavier())
    loss.initialize()
    return net, loss, Optimizers(net, loss, **{"optimizer": "sgd", **options})


def run(net, loss, optimizers, batches=data, contexts=None, **options):
    options = {"schedule": Schedule(0.05), "epochs": 3, "contexts": contexts or [mx.cpu()], **options}
    return list(fit(net, loss, batches, optimizers=optimizers, **options))


def plain(weight, bias, offset, epochs, *, rate=0.05, own_rate=0.05, limit=None):
    """The same training in numpy: SGD with momentum 0.9 on both."""
    values, velocity, losses = np.array([*weight, bias, offset]), np.zeros(5), []
    for epoch in range(1, epochs + 1):
        losses.append([])
        for batch in data(epoch):
            x, y = batch.inputs[0].asnumpy().astype(float), batch.targets[0].asnumpy().astype(float)
            error = x @ values[:3] + values[3] + values[4] - y
            losses[-1].append((error**2).mean())
            gradient = 2 * np.array([*(error[:, None] * x).mean(0), error.mean(), error.mean()])
            if limit:
                gradient[:4] *= min(1, limit / np.linalg.norm(gradient[:4]))
            velocity = 0.9 * velocity + np.array([rate] * 4 + [own_rate]) * gradient
            values = values - velocity
    return values, [np.mean(part) for part in losses]


@pytest.mark.parametrize("own_rate", [0.05, 0.01])
@pytest.mark.parametrize("limit", [None, 0.5])
def test_equals_training_by_hand(own_rate, limit):
    net, loss, optimizers = make(own_rate, clip=limit)
    start = [*net.weight.data().asnumpy()[0], float(net.bias.data().asscalar())]
    epochs = run(net, loss, optimizers)
    values, losses = plain(start[:3], start[3], 0.0, 3, own_rate=own_rate, limit=limit)
    found = [*net.weight.data().asnumpy()[0], net.bias.data().asscalar(), loss.offset.data().asscalar()]
    np.testing.assert_allclose(found, values, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose([epoch.loss for epoch in epochs], losses, rtol=1e-4)
    assert [epoch.number for epoch in epochs] == [1, 2, 3]


def test_a_loss_without_a_rate_of_its_own_learns_at_the_network_s():
    net, loss, optimizers = make(None)
    assert len(optimizers.trainers) == 1
    run(net, loss, optimizers)
    assert loss.offset.data().asscalar() != 0


def test_two_devices_learn_what_one_does():
    weights = []
    for contexts in ([mx.cpu(0)], [mx.cpu(0), mx.cpu(1)]):
        mx.random.seed(1)
        net, loss = gluon.nn.Dense(1, in_units=3), SquaredError(0.05)
        net.initialize(mx.init.Constant(0.3), ctx=contexts)
        loss.initialize(ctx=contexts)
        run(net, loss, Optimizers(net, loss, optimizer="sgd", clip=0.7), contexts=contexts)
        weights.append(net.weight.data(contexts[0]).asnumpy())
    np.testing.assert_allclose(weights[0], weights[1], rtol=1e-5)


def test_schedule_drops_after_its_steps():
    schedule = Schedule(0.8, (2, 4), 0.5)
    assert [schedule.at(epoch) for epoch in range(1, 7)] == [0.8, 0.8, 0.4, 0.4, 0.2, 0.2]


def test_the_rate_follows_the_schedule():
    net, loss, optimizers = make()
    rates = []
    for _ in fit(net, loss, data, optimizers=optimizers, schedule=Schedule(0.4, (1,)), epochs=2, contexts=[mx.cpu()]):
        rates.append(optimizers.trainers[0].learning_rate)
    assert rates == [0.4, 0.2]
    assert optimizers.trainers[1].learning_rate == 0.05


def test_lr_mult_holds_a_layer_still():
    net, loss, optimizers = make()
    net.weight.lr_mult = 0.0
    before = net.weight.data().asnumpy()
    run(net, loss, optimizers)
    np.testing.assert_array_equal(net.weight.data().asnumpy(), before)
    assert net.bias.data().asscalar() != 0


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_ends_the_run(bad):
    def batches(epoch):
        found = data(epoch)
        if epoch == 2:
            found[-1].inputs[0][0, 0] = bad
        return found

    net, loss, optimizers = make()
    epochs = fit(net, loss, batches, optimizers=optimizers, schedule=Schedule(0.05), epochs=3, contexts=[mx.cpu()])
    assert next(epochs).number == 1
    with pytest.raises(Diverged, match="epoch 2"):
        next(epochs)


def test_an_unknown_optimizer_is_named():
    with pytest.raises(InputError, match="--optimizer=sdg"):
        make(optimizer="sdg")


def test_a_line_every_few_batches(caplog):
    net, loss, optimizers = make()
    with caplog.at_level(logging.INFO):
        run(net, loss, optimizers, epochs=1, batches=lambda epoch: data(epoch, 9), log_interval=4)
    assert [record.message.split(":")[0] for record in caplog.records] == ["epoch 1, batch 4", "epoch 1, batch 8"]


def test_a_weight_that_is_not_finite_ends_the_run_even_in_a_network_of_many_layers():
    net = gluon.nn.HybridSequential()
    net.add(gluon.nn.Dense(1, in_units=3), *(gluon.nn.Dense(1, in_units=1) for _ in range(220)))
    net.initialize()
    loss = SquaredError(0.05)
    loss.initialize()
    optimizers = Optimizers(net, loss)
    assert run(net, loss, optimizers, epochs=1)
    net[-1].weight.lr_mult = net[-1].bias.lr_mult = 0
    net[-1].bias.grad_req = "null"

    def batches(epoch):
        yield data(epoch)[0]
        nd.waitall()
        net[-1].bias.set_data(nd.array([np.inf]))

    with pytest.raises(Diverged, match="epoch 1"):
        run(net, loss, optimizers, batches, epochs=1)


@pytest.mark.parametrize("last_is_lost", [False, True])
def test_gradients_add_up_over_the_batches_of_a_step(last_is_lost):
    """As those of one batch do whose loss is the sum, even where what should have ended the last step is not there."""

    def in_parts(epoch):
        for batch in data(epoch):
            x, y = (part.split(2, axis=0) for part in (batch.inputs[0], batch.targets[0]))
            yield from (Batch((x[i],), (y[i],), ends_step=bool(i)) for i in range(2))

    def lost(epoch):
        parts = list(in_parts(epoch))
        return [*parts[:-1], Batch(parts[-1].inputs, parts[-1].targets, ends_step=not last_is_lost)]

    net, loss, optimizers = make(None, adds_up=True)
    net.hybridize(static_alloc=True, static_shape=True)
    run(net, loss, optimizers, lost, schedule=Schedule(0.02))
    whole, whole_loss, of_whole = make(None)
    run(whole, whole_loss, of_whole, schedule=Schedule(0.04))  # a mean of twice as many is half the sum of two means
    pairs = ((net.weight, whole.weight), (net.bias, whole.bias), (loss.offset, whole_loss.offset))
    for found, expected in pairs:
        np.testing.assert_allclose(found.data().asnumpy(), expected.data().asnumpy(), rtol=1e-4, atol=1e-6)
