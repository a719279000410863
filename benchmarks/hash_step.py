"""A training step of the hash head with each loss of hashing, beside the same step with a constant loss.

python benchmarks/hash_step.py [--only=hashnet]

A step is forward and backward of the head from features (256, 1280) to activations (256, 64), and of the loss; constant
is the mean of the activations. The head is the hash layer alone, which takes about a millisecond, or has a hidden layer
before it. Gradients go on to the features, for a trunk. Prints one JSON line a case and a verdict last; exits with code
1 where a bar is missed.
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
from hashing.net import HashHead

BATCH, FEATURES, HIDDEN, BITS, CLASSES = 256, 1280, 512, 64, 10
AT_LEAST = round(1 / 1.3, 2)  # how many times as fast as a step with a constant loss


class Constant(gluon.HybridBlock):
    """The mean of the activations, whatever the labels."""

    def hybrid_forward(self, F: ModuleType, activations: Array, labels: Array) -> Array:
        return F.mean(activations) + 0 * F.slice_axis(labels, axis=0, begin=0, end=1)  # or MXNet warns


def step(loss: gluon.Block, *, tanh: bool, hidden: int) -> Callable[[], None]:
    """Forward and backward, which returns when the gradients are there."""
    rng = np.random.default_rng(0)
    features = nd.array(rng.standard_normal((BATCH, FEATURES)))
    labels = nd.array(rng.integers(0, CLASSES, BATCH))
    head = HashHead(BITS, hidden=hidden, tanh=tanh)
    for block in (head, loss):
        block.initialize()
        block.hybridize(static_alloc=True, static_shape=True)
    features.attach_grad()
    head(features)  # from which its weights get their shapes
    weight = head.layers[0].weight

    def run() -> None:
        with autograd.record():
            value = loss(head(features), labels)
        value.backward()
        weight.grad().wait_to_read()
        features.grad.wait_to_read()
        value.asscalar()

    return run


def measure(name: str) -> list[bool]:
    """Print a line for either head; whether each reaches its bar."""
    passed = []
    for hidden in (HIDDEN, 0):
        loss = losses.get(name).Loss(bits=BITS, classes=CLASSES)
        case = f"{name}, {f'hidden layer of {hidden}' if hidden else 'hash layer alone'}, batch {BATCH}, {BITS} bits"
        how = {"tanh": loss.tanh, "hidden": hidden}
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
