"""What the tests of these losses share: a loss held against a plain function, and batches to do so on."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
from gradients import close, slopes

from embedding.mx import autograd, mx, nd

IMAGES, DIM = 9, 6


@dataclass
class Batch:
    """Images and captions (B, 6) of unit rows, and the numbers (B,) of the images."""

    images: np.ndarray
    captions: np.ndarray
    numbers: np.ndarray

    def negatives(self, i: int) -> list[int]:
        """The rows of other images than row i's."""
        return [j for j, number in enumerate(self.numbers) if number != self.numbers[i]]


def moved(function, at, place, x):
    """``function`` of the arrays ``at``, of which the one at ``place`` is ``x``."""
    return function(*at[:place], x, *at[place + 1 :])


@pytest.fixture
def equals_plain():
    """A check that a loss ``kind`` of ``own`` settings, compiled and not, is ``plain(images, captions)`` on the batch,
    in value and gradients; or ``plain(images, captions, weight)`` where it has a weight.

    epoch : what it has begun; gradient_of : another function with its gradient, if not ``plain``
    logits : what logits are multiplied by, and with them the rounding of gradients
    """

    def check(kind, batch, plain, *, epoch=1, gradient_of=None, logits=1.0, **own):
        for compiled in (False, True):
            mx.random.seed(0)
            loss = kind(images=IMAGES, dim=DIM, **own)
            loss.initialize()
            loss.hybridize(compiled, static_alloc=True, static_shape=True)
            loss.begin(epoch)
            inputs = [nd.array(batch.images), nd.array(batch.captions)]
            for x in inputs:
                x.attach_grad()
            with autograd.record():
                value = loss(*inputs, nd.array(batch.numbers))
            value.backward()
            weights = list(loss.collect_params().values())
            at = [x.asnumpy().astype(np.float64) for x in (*inputs, *(weight.data() for weight in weights))]
            gradients = [x.grad.asnumpy() for x in inputs] + [weight.grad().asnumpy() for weight in weights]
            assert value.shape == (1,)
            close(value.asnumpy(), np.array([plain(*at)]))
            for place, gradient in enumerate(gradients):
                close(gradient, slopes(partial(moved, gradient_of or plain, at, place), at[place]), scale=logits)

    return check


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


KINDS = ["random", "close", "captions of one image", "ties", "identical", "one image", "one pair", "two pairs"]


@pytest.fixture(params=KINDS)
def batch(request) -> Batch:
    """Batches in no order, ordinary and odd."""
    rng = np.random.default_rng(5)
    numbers = np.array([4, 0, 8, 3, 1, 7, 2])
    images, captions = rng.standard_normal((2, 7, DIM))
    match request.param:
        case "close":
            captions = images + 0.3 * captions
        case "captions of one image":
            numbers = np.array([4, 0, 4, 3, 0, 4, 2])
            images = rng.standard_normal((IMAGES, DIM))[numbers]
            captions = images + 0.8 * captions
        case "ties":
            rows = np.concatenate([np.eye(DIM), np.eye(DIM)[:1]])
            images, captions = rows, rows[[0, 2, 1, 3, 3, 4, 5]]
        case "identical":
            images, captions = (np.tile(images[:1], (7, 1)) for _ in range(2))
        case "one image":
            numbers, images = np.full(7, 3), np.tile(images[:1], (7, 1))
        case "one pair":
            images, captions, numbers = images[:1], captions[:1], numbers[:1]
        case "two pairs":
            images, captions, numbers = images[:2], captions[:2], numbers[:2]
    return Batch(unit(images), unit(captions), numbers)
