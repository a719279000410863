"""Losses across sketches and photographs against their formulae, one sketch at a time."""

import numpy as np
import pytest
from gradients import close, slopes

from datasets.errors import InputError
from embedding.losses import names
from embedding.mx import autograd, mx, nd
from embedding.sketches import losses

LABELS = np.array([0, 1, 0, 2, 2, 1])


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def both():
    rng = np.random.default_rng(3)
    return unit(rng.standard_normal((6, 4))).astype(np.float32), unit(rng.standard_normal((6, 4))).astype(np.float32)


def distance(a, b):
    return np.sqrt(((a - b) ** 2).sum() + 1e-8)


def triplets(asking, answering, semi_hard):
    """(d_ap, d_an) of every triplet: anchors are sketches, positives and negatives photographs."""
    found = []
    for a, label in zip(asking, LABELS, strict=True):
        near = [distance(a, p) for p, its in zip(answering, LABELS, strict=True) if its == label]
        far = [distance(a, n) for n, its in zip(answering, LABELS, strict=True) if its != label]
        if semi_hard:
            found += [(d, min([n for n in far if n > d + 1e-9], default=max(far))) for d in near]
        else:
            found.append((max(near), min(far)))
    return found


def hinge(pairs):
    return np.mean([max(ap - an + 0.2, 0) for ap, an in pairs])


def contrastive(asking, answering):
    right, wrong = [], []
    for a, label in zip(asking, LABELS, strict=True):
        for b, its in zip(answering, LABELS, strict=True):
            (right if label == its else wrong).append(distance(a, b) if label == its else max(1 - distance(a, b), 0))
    return sum(np.mean([t**2 for t in terms if t > 0] or [0]) / 2 for terms in (right, wrong))


@pytest.mark.parametrize(
    ("name", "own", "plain"),
    [
        ("triplet", {"margin": 0.2}, lambda f, g: hinge(triplets(f, g, semi_hard=False))),
        ("triplet", {"margin": 0.2, "warm_up": 1}, lambda f, g: hinge(triplets(f, g, semi_hard=True))),
        ("contrastive", {}, contrastive),
    ],
    ids=["hard", "semi-hard", "contrastive"],
)
@pytest.mark.parametrize("compiled", [False, True])
def test_equals_the_formula(both, name, own, plain, compiled):
    loss = losses.make(name, classes=3, dim=4, batch_k=2, **own)
    loss.initialize()
    loss.hybridize(compiled)
    loss.begin(1)
    given = [nd.array(rows) for rows in both]
    for rows in given:
        rows.attach_grad()
    with autograd.record():
        value = loss(*given, nd.array(LABELS))
    value.backward()
    at = [rows.astype(float) for rows in both]
    close(value.asnumpy(), np.array([plain(*at)]))
    close(given[0].grad.asnumpy(), slopes(lambda rows: plain(rows, at[1]), at[0]))
    close(given[1].grad.asnumpy(), slopes(lambda rows: plain(at[0], rows), at[1]))


@pytest.mark.parametrize("name", names())
def test_every_loss_of_embeddings_takes_both_kinds(both, name):
    mx.random.seed(0)
    loss = losses.make(name, classes=3, dim=4, batch_k=2)
    loss.initialize()
    loss.begin(1)
    given = [nd.array(rows) for rows in both]
    for rows in given:
        rows.attach_grad()
    with autograd.record():
        value = loss(*given, nd.array(LABELS))
    value.backward()
    assert all(np.isfinite(rows.grad.asnumpy()).all() for rows in given)
    assert value.shape == (1,) and np.isfinite(value.asscalar())


def test_a_class_alone_costs_nothing(both):
    loss = losses.make("triplet", classes=3, dim=4, batch_k=2, margin=0.2)
    loss.initialize()
    assert loss(*(nd.array(rows) for rows in both), nd.zeros(6)).asscalar() == 0


def test_a_setting_that_a_loss_has_not_is_refused():
    with pytest.raises(InputError, match="--neg-margin=0.5: triplet has no such setting"):
        losses.make("triplet", classes=3, dim=4, batch_k=2, neg_margin=0.5)
