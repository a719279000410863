"""Losses on synthetic negatives: both players against plain formulae, value and gradients, and a game played out."""

import numpy as np
import pytest
from gradients import close, slopes

from datasets import images
from embedding import losses
from embedding.batches.loader import Batch
from embedding.mining.distance_weighted import PairMiner
from embedding.mining.triplets import HardMiner
from embedding.mx import autograd, mx, nd
from embedding.network.net import Head
from embedding.training.fit import Optimizers, Schedule, fit

BASES = ("triplet", "npair", "lifted", "contrastive")
EPS = 1e-8
LABELS = np.array([2, 0, 1, 1, 2, 0, 2, 4, 4, 2, 5])
LAMBDAS = {"lambda_1": 0.7, "lambda_2": 3.0, "adv_margin": 0.1}


@pytest.fixture(params=BASES)
def base(request):
    return request.param


def make(base, *, compiled=True, fresh=False, **own):
    mx.random.seed(3)
    loss = losses.get(f"adversarial_{base}").Loss(classes=6, dim=5, batch_k=5, **own)
    loss.initialize()
    loss.hybridize(compiled, static_alloc=True)
    if fresh:  # as it starts, synthetic negatives are the true ones
        return loss
    for part in (loss.generator.inner_bias, loss.generator.outer_bias, loss.generator.outer):
        part.set_data(nd.random.normal(scale=0.3, shape=part.shape))
    return loss


def embedded(loss, labels=LABELS, seed=5):
    found = np.random.default_rng(seed).standard_normal((len(labels), 5)) + 0.5
    return (found / np.linalg.norm(found, axis=1, keepdims=True) if loss.unit_rows else found).astype(np.float32)


def weights_of(loss) -> list[np.ndarray]:
    g = loss.generator
    return [p.data().asnumpy().astype(np.float64) for p in (g.inner, g.inner_bias, g.outer, g.outer_bias)]


# The second way: one triplet at a time.


def made(x, triplet, weights, *, unit_rows):
    """The synthetic negative of a triplet of rows of x: the negative and a perceptron over the three end to end."""
    inner, inner_bias, outer, outer_bias = weights
    hidden = np.maximum(inner @ np.concatenate([x[row] for row in triplet]) + inner_bias, 0)
    found = x[triplet[2]] + outer @ hidden + outer_bias
    return found / np.sqrt(found @ found + 1e-12) if unit_rows else found


def distance(a, b):
    return np.sqrt(((a - b) ** 2).sum() + EPS)


def drawn_pairs(labels):
    mx.random.seed(0)
    anchor, positive, valid = (found.asnumpy().astype(int) for found in PairMiner()(nd.array(labels)))
    return [(a, p) for a, p, holds in zip(anchor, positive, valid, strict=True) if holds]


def farthest_positive(x, labels, a):
    others = [p for p in range(len(x)) if labels[p] == labels[a] and p != a]
    return max(others, key=lambda p: distance(x[a], x[p]), default=a)


def triplets(base, x, labels):
    """The (a, p, n) that the generator of a loss is given."""
    if base == "npair":
        pairs = drawn_pairs(labels)
        return [(a, p, n) for a, p in pairs for _, n in pairs if labels[n] != labels[a]]
    if base == "triplet":
        *rows, weight = (found.asnumpy() for found in HardMiner()(nd.array(x), nd.array(labels)))
        return [tuple(row) for row in np.stack([found[weight == 1].astype(int) for found in rows], axis=1)]
    every = range(len(x))
    return [(a, farthest_positive(x, labels, a), n) for a in every for n in every if labels[n] != labels[a]]


def metric(base, x, labels, given, synthetic):
    """The loss of the embedding, of ``synthetic`` (a, p, n) -> vector in place of the n of ``given`` triplets."""
    terms = []
    if base == "triplet":
        terms = [max(distance(x[a], x[p]) - distance(x[a], synthetic(a, p, n)) + 0.2, 0) for a, p, n in given]
    if base == "npair":
        for a, p in drawn_pairs(labels):
            others = [synthetic(*t) for t in given if t[:2] == (a, p)]
            terms.append(np.log(1 + sum(np.exp(x[a] @ s - x[a] @ x[p]) for s in others)))
    if base == "lifted":
        for a in range(len(x)):
            near = [np.exp(1.0 - distance(x[a], synthetic(*t))) for t in given if t[0] == a]
            far = [np.exp(distance(x[a], x[p])) for p in range(len(x)) if labels[p] == labels[a] and p != a]
            terms += [max(np.log(sum(far)) + np.log(sum(near)), 0)] if near and far else []
    if base == "contrastive":
        every = range(len(x))
        far = [distance(x[a], x[p]) ** 2 / 2 for a in every for p in every if labels[p] == labels[a] and p != a]
        near = [max(1.0 - distance(x[t[0]], synthetic(*t)), 0) ** 2 / 2 for t in given]
        return np.mean(far) + np.mean([term for term in near if term] or [0])
    return np.mean(terms) + (3e-3 * (x**2).sum(axis=1).mean() if base == "npair" else 0)


def generators(x, given, weights, *, unit_rows, lambda_1, lambda_2, adv_margin):
    """J_hard + lambda_1 J_reg + lambda_2 J_adv, a triplet at a time."""
    total = 0.0
    for a, p, n in given:
        s = made(x, (a, p, n), weights, unit_rows=unit_rows)
        hard, regular = ((s - x[a]) ** 2).sum(), ((s - x[n]) ** 2).sum()
        total += hard + lambda_1 * regular + lambda_2 * max(hard - ((x[p] - x[a]) ** 2).sum() - adv_margin, 0)
    return total / len(given)


OWN = {"triplet": {"margin": 0.2}}


def backward(loss, x, labels):
    mx.random.seed(0)
    rows = nd.array(x)
    rows.attach_grad()
    with autograd.record():
        value = loss(rows, nd.array(labels))
    value.backward()
    return value.asnumpy(), rows.grad.asnumpy()


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(("lambda_m", "lambda_real"), [(1.0, 0.0), (0.5, 2.0)])
def test_the_embedding_has_the_formulas_value_and_gradient_with_the_generator_as_it_is(
    base, compiled, lambda_m, lambda_real
):
    loss = make(base, compiled=compiled, lambda_m=lambda_m, lambda_real=lambda_real, **LAMBDAS, **OWN.get(base, {}))
    x, weights = embedded(loss), weights_of(loss)
    given = triplets(base, x, LABELS)

    def plain(x):
        norms = 3e-3 * (x**2).sum(axis=1).mean() if base == "npair" else 0
        synthetic = metric(base, x, LABELS, given, lambda *t: made(x, t, weights, unit_rows=loss.unit_rows)) - norms
        real = metric(base, x, LABELS, given, lambda a, p, n: x[n]) - norms
        return lambda_m * synthetic + lambda_real * real + norms

    value, gradient = backward(loss, x, LABELS)
    x = x.astype(np.float64)
    close(value, np.array([plain(x)]))
    close(gradient, slopes(plain, x))


@pytest.mark.parametrize("compiled", [False, True])
def test_the_generator_has_the_gradient_of_its_own_formula_alone(base, compiled):
    loss = make(base, compiled=compiled, **LAMBDAS, **OWN.get(base, {}))
    x, weights = embedded(loss), weights_of(loss)
    given = triplets(base, x, LABELS)
    backward(loss, x, LABELS)
    g = loss.generator
    for place, param in enumerate((g.inner, g.inner_bias, g.outer, g.outer_bias)):

        def plain(found, place=place):
            changed = [*weights[:place], found, *weights[place + 1 :]]
            return generators(x.astype(np.float64), given, changed, unit_rows=loss.unit_rows, **LAMBDAS)

        close(param.grad().asnumpy(), slopes(plain, weights[place]))


def test_it_starts_as_the_loss_itself(base):
    loss = make(base, fresh=True, lambda_real=0.0, **OWN.get(base, {}))
    alone = losses.get(base).Loss(classes=6, dim=5, batch_k=5, **OWN.get(base, {}))
    alone.initialize()
    x = embedded(loss)
    (value, gradient), (expected, slope) = (backward(kind, x, LABELS) for kind in (loss, alone))
    np.testing.assert_allclose(value, expected, atol=1e-5)
    if loss.unit_rows:  # what would change the length of a row is not there, as s has unit length however long n is
        gradient, slope = (found - (found * x).sum(axis=1, keepdims=True) * x for found in (gradient, slope))
    np.testing.assert_allclose(gradient, slope, atol=1e-5)


def test_up_to_the_warm_up_it_is_the_loss_itself_while_the_generator_learns(base):
    loss = make(base, adv_warm_up=2, **OWN.get(base, {}))
    alone = losses.get(base).Loss(classes=6, dim=5, batch_k=5, **OWN.get(base, {}))
    alone.initialize()
    x = embedded(loss)
    expected, slope = backward(alone, x, LABELS)
    for epoch, same in ((1, True), (2, True), (3, False), (1, True)):
        loss.begin(epoch)
        value, gradient = backward(loss, x, LABELS)
        assert np.allclose(value, expected, rtol=1e-5) == same
        assert np.allclose(gradient, slope, atol=1e-5) == same
        assert np.abs(loss.generator.inner.grad().asnumpy()).max() > 0


def test_measures_are_those_of_the_epoch(base):
    loss = make(base, **OWN.get(base, {}))
    assert loss.measures() == {}
    x = embedded(loss)
    given, weights = triplets(base, x, LABELS), weights_of(loss)
    backward(loss, x, LABELS)
    synthetic = [distance(x[t[0]], made(x, t, weights, unit_rows=loss.unit_rows)) for t in given]
    real = [distance(x[a], x[n]) for a, _, n in given]
    expected = np.mean(synthetic), np.mean(real), np.mean(np.array(synthetic) < np.array(real))
    assert list(loss.measures()) == ["distance to synthetic", "distance to negative", "synthetic nearer"]
    np.testing.assert_allclose(list(loss.measures().values()), expected, rtol=1e-4)
    loss.begin(1)
    assert loss.measures() == {}


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    """The pixels (N, 784) of the training digits of five classes, and their labels in [0, 5)."""
    found = images.get("digits").load()
    rows = found.train
    pixels = found.images[rows, ..., 0].reshape(len(rows), -1).astype(np.float32) / 255
    return pixels, found.labels[rows]


def trained(base, pixels, labels, **own):
    """A head and its loss after six epochs, two of them of warm-up, and the measures of each epoch."""
    mx.random.seed(0)
    loss = losses.get(f"adversarial_{base}").Loss(classes=5, dim=16, batch_k=6, adv_warm_up=2, **own)
    net = Head(16, unit_rows=loss.unit_rows)
    for block in (net, loss):
        block.initialize()
        block.hybridize(static_alloc=True)
    net(nd.array(pixels[:2]))

    def batches(epoch):
        rng = np.random.default_rng(epoch)
        for _ in range(20):
            rows = np.concatenate([rng.choice(np.flatnonzero(labels == c), 6, replace=False) for c in range(5)])
            yield Batch(inputs=(nd.array(pixels[rows]),), targets=(nd.array(labels[rows]),))

    epochs = fit(
        *(net, loss, batches),
        optimizers=Optimizers(net, loss),
        schedule=Schedule(3e-3),
        epochs=6,
        contexts=[mx.cpu()],
    )
    return net, loss, [loss.measures() for _ in epochs]


def random_triplets(labels, count=1000):
    rng = np.random.default_rng(1)
    anchor = rng.integers(0, len(labels), count)
    same = labels[anchor][:, None] == labels
    return anchor, *(np.array([rng.choice(np.flatnonzero(row)) for row in table]) for table in (same, ~same))


def test_over_a_training_negatives_come_nearer_and_stay_of_another_class(base, digits):
    """Class by nearest mean of a class's embeddings: which class a vector would be taken for."""
    pixels, labels = digits
    net, loss, measures = trained(base, pixels, labels, **OWN.get(base, {}))
    assert all(found["distance to synthetic"] < found["distance to negative"] for found in measures)
    embeddings = net(nd.array(pixels)).asnumpy()
    means = np.stack([embeddings[labels == label].mean(axis=0) for label in range(5)])

    def looks(vectors):
        return ((vectors[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)

    rows = random_triplets(labels)
    anchor, _, negative = rows
    found, _ = (x.asnumpy() for x in loss.generator(nd.array(embeddings), *map(nd.array, rows)))
    near, true = (np.linalg.norm(x - embeddings[anchor], axis=1) for x in (found, embeddings[negative]))
    assert (looks(embeddings) == labels).mean() > 0.9
    assert near.mean() < 0.95 * true.mean()
    assert (near < true).mean() > 0.9
    assert (looks(found) != labels[anchor]).mean() > 0.95
