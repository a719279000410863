"""The collapse that hardest negatives can bring about, and the warm-up that keeps it away, in training itself."""

import numpy as np
import pytest

from embedding.batches.loader import Batch
from embedding.mx import gluon, mx, nd
from embedding.training.fit import Optimizers, Schedule, fit
from vse.losses.max_hinge import MaxHingeLoss
from vse.network.towers import unit

PAIRS, FEATURES, DIM, BATCH = 512, 40, 32, 128


def alike(seed):
    """Features (512, 40) of images and of captions that show the same, all positive and so much alike."""
    rng = np.random.default_rng(seed)
    shown = rng.standard_normal((PAIRS, 8))
    sides = [shown @ rng.standard_normal((8, FEATURES)) + rng.standard_normal((PAIRS, FEATURES)) for _ in range(2)]
    return [(rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32) for rows in (x + 25 for x in sides)]


class Towers(gluon.HybridBlock):
    def __init__(self):
        super().__init__()
        self.images, self.captions = gluon.nn.Dense(DIM, in_units=FEATURES), gluon.nn.HybridSequential()
        self.captions.add(gluon.nn.Dense(DIM, in_units=FEATURES, activation="tanh"), gluon.nn.Dense(DIM, in_units=DIM))

    def hybrid_forward(self, F, images, captions):
        return unit(F, self.images(images), positive=False), unit(F, self.captions(captions), positive=False)


def train(seed, **own):
    """What the loss says after each of eight epochs, and the last epoch's mean loss."""
    mx.random.seed(seed)
    net, loss = Towers(), MaxHingeLoss(images=PAIRS, dim=DIM, **own)
    net.initialize(mx.init.Xavier())
    for block in (net, loss):
        block.hybridize(static_alloc=True)
    images, captions = alike(seed)

    def batches(epoch):
        order = np.random.default_rng([seed, epoch]).permutation(np.tile(np.arange(PAIRS), 4))
        for rows in np.split(order, len(order) // BATCH):
            yield Batch(inputs=(nd.array(images[rows]), nd.array(captions[rows])), targets=(nd.array(rows),))

    optimizers = Optimizers(net, loss, optimizer="adam", clip=2.0)
    how = {"optimizers": optimizers, "schedule": Schedule(5e-3), "epochs": 8, "contexts": [mx.cpu()]}
    said = [(loss.complaint(epoch.loss), epoch.loss) for epoch in fit(net, loss, batches, **how)]
    return [text for text, _ in said if text], said[-1][1]


def test_without_warm_up_it_collapses_and_is_named():
    said, last = train(0, warm_up=0)
    assert last == pytest.approx(0.4, rel=0.1)
    assert "the loss sits at twice its margin" in said[-1]


@pytest.mark.parametrize("seed", range(5))
def test_with_the_warm_up_of_its_default_it_does_not(seed):
    said, last = train(seed)
    assert not said
    assert last < 0.3
