"""A training step of the hash head with each loss of hashing, beside the same step with a constant loss.

python benchmarks/hash_step.py [--only=hashnet]

A step is forward and backward of a linear layer from features (256, 1280) to activations (256, 64), with a tanh where
the loss wants one, and of the loss; constant is the mean of the activations. Behind a trunk that learns the gradient
goes on to the features; on cached features it ends at the head. Prints one JSON line a case and a verdict last; exits
with code 1 where a bar is missed.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import paired

from embedding.mx import Array, autograd, gluon, nd
from hashing import losses

BATCH, FEATURES, BITS, CLASSES = 256, 1280, 64, 10
AT_LEAST = round(1 / 1.3, 2)  # how many times as fast as a step with a constant loss


class Constant(gluon.HybridBlock):
    """The mean of the activations, whatever the labels."""

    def hybrid_forward(self, F: ModuleType, activations: Array, labels: Array) -> Array:
        return F.mean(activations) + 0 * F.slice_axis(labels, axis=0, begin=0, end=1)  # or MXNet warns


def step(loss: gluon.Block, *, tanh: bool, cached: bool) -> Callable[[], None]:
    """Forward and backward, which returns when the gradients are there."""
    rng = np.random.default_rng(0)
    features = nd.array(rng.standard_normal((BATCH, FEATURES)))
    labels = nd.array(rng.integers(0, CLASSES, BATCH))
    head = gluon.nn.Dense(BITS, in_units=FEATURES, activation="tanh" if tanh else None)
    for block in (head, loss):
        block.initialize()
        block.hybridize(static_alloc=True, static_shape=True)
    if not cached:
        features.attach_grad()
    gradient = head.weight.grad() if cached else features.grad

    def run() -> None:
        with autograd.record():
            value = loss(head(features), labels)
        value.backward()
        head.weight.grad().wait_to_read()
        gradient.wait_to_read()
        value.asscalar()

    return run


def measure(name: str) -> list[bool]:
    """Print a line with cached features and one behind a trunk; whether each reaches its bar."""
    passed = []
    for cached in (True, False):
        loss = losses.get(name).Loss(bits=BITS, classes=CLASSES)
        case = f"{name}, {'cached features' if cached else 'behind a trunk'}, batch {BATCH}, {BITS} bits"
        how = {"tanh": loss.tanh, "cached": cached}
        passed.append(paired.compare(case, step(loss, **how), step(Constant(), **how), at_least=AT_LEAST, rounds=11))
    return passed


def main() -> None:
    """Print the lines of the losses named, or of all, and the verdict."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=losses.names(), help="measure this loss; may be repeated")
    asked = parser.parse_args().only or losses.names()
    paired.finish([passed for name in asked for passed in measure(name)])


if __name__ == "__main__":
    main()
