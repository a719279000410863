"""A training step of the hash head with HashNet, DCH and triplet hashing, beside the same step in torch.

    make bench ONLY=hash_step, or: .bench-venv/bin/python benchmarks/hash_step.py [--only=dch]

A step is forward and backward of the hash layer from features (B, 1280) to activations (B, 64), of the loss, and Adam's
update of the layer. Gradients go on to the features, for a trunk. Both sides start from the same features, labels and
weights; the loss and the gradients of weights and features must be equal first. Torch gets as many threads as it is
fastest with, one or all cores, and its losses are written as its users would, by the same formulae (``hash_peers``).

Prints one JSON line a case and a verdict last; exits with code 1 where a bar is missed.
"""

import argparse
import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import paired
import verdicts
from verdicts import Verdict

from embedding.mx import autograd, mx, nd
from embedding.training.fit import Optimizers, Schedule
from hashing import losses
from hashing.net import HashHead

import hash_peers  # isort: skip
import torch  # isort: skip
from torch_threads import fastest_threads  # isort: skip

BATCHES, FEATURES, BITS, CLASSES = (64, 256), 1280, 64, 10
RATE = 1e-4
AT_LEAST = 1.0
DIFFERENCE_AT_MOST = 1e-5  # of the loss, and of gradients as a share of the largest
SEED = 0  # of the order of triplet's negatives, where both sides are compared

Figures = dict[str, np.ndarray]


class Ours:
    """The head as it is trained: ``step`` is what is timed."""

    def __init__(self, name: str, features: np.ndarray, labels: np.ndarray) -> None:
        self.loss = losses.get(name).Loss(bits=BITS, classes=CLASSES)
        self._head = HashHead(BITS, tanh=self.loss.tanh)
        for block in (self._head, self.loss):
            block.initialize()
            block.hybridize(static_alloc=True, static_shape=True)
        self._features, self._labels = nd.array(features), nd.array(labels)
        self._features.attach_grad()
        self._head(self._features)  # from which its weights get their shapes
        self.layer = self._head.layers[0]
        self._optimizers = Optimizers(self._head, self.loss, optimizer="adam")
        self._optimizers.follow(Schedule(RATE), 1)

    def forward_backward(self) -> nd.NDArray:
        with autograd.record():
            value = self.loss(self._head(self._features), self._labels)
        value.backward()
        return value

    def step(self) -> None:
        value = self.forward_backward()
        self._optimizers.step(1)
        value.asscalar()
        self._features.grad.wait_to_read()
        self.layer.weight.data().wait_to_read()

    def figures(self) -> Figures:
        """The loss and the gradients of one step without its update."""
        mx.random.seed(SEED)
        value = self.forward_backward().asnumpy()
        grad = self.layer.weight.grad().asnumpy()
        return {"loss": value, "weight": grad, "features": self._features.grad.asnumpy()}

    def drawn_order(self) -> np.ndarray:
        """The order of negatives that ``figures`` draws."""
        mx.random.seed(SEED)
        return nd.random.shuffle(nd.contrib.arange_like(self._labels)).asnumpy().astype(np.int64)


class Peer:
    """The same in torch, from the weights of ours."""

    def __init__(self, name: str, features: np.ndarray, labels: np.ndarray, *, ours: Ours) -> None:
        self._loss, self._tanh = hash_peers.LOSSES[name], ours.loss.tanh
        self._layer = torch.nn.Linear(FEATURES, BITS)
        with torch.no_grad():
            self._layer.weight.copy_(torch.from_numpy(ours.layer.weight.data().asnumpy()))
            self._layer.bias.copy_(torch.from_numpy(ours.layer.bias.data().asnumpy()))
        self._features, self._labels = torch.from_numpy(features).requires_grad_(), torch.from_numpy(labels)
        self._adam = torch.optim.Adam(self._layer.parameters(), RATE)

    def forward_backward(self, **drawn: torch.Tensor) -> torch.Tensor:
        self._adam.zero_grad()
        self._features.grad = None
        activations = self._layer(self._features)
        value = self._loss(activations.tanh() if self._tanh else activations, self._labels, **drawn)
        value.backward()
        return value

    def step(self) -> None:
        value = self.forward_backward()
        self._adam.step()
        value.item()

    def figures(self, **drawn: torch.Tensor) -> Figures:
        """As those of ours, with what ours ``drawn``."""
        value = self.forward_backward(**drawn).detach().numpy()
        return {"loss": value, "weight": self._layer.weight.grad.numpy(), "features": self._features.grad.numpy()}


def same(case: str, ours: Ours, peer: Peer, *, draws: bool) -> Verdict:
    """Print by how much loss and gradients differ."""
    found = ours.figures()
    wanted = peer.figures(**({"order": torch.from_numpy(ours.drawn_order())} if draws else {}))
    worst = max(float(abs(found[name] - wanted[name]).max() / abs(wanted[name]).max()) for name in wanted)
    return verdicts.figure(f"{case}: loss and gradients differ by", worst, at_most=DIFFERENCE_AT_MOST)


def measure(name: str, batch: int) -> list[Verdict]:
    """Print the lines of a loss at a batch size."""
    rng = np.random.default_rng(batch)
    features, labels = rng.standard_normal((batch, FEATURES), np.float32), rng.integers(0, CLASSES, batch)
    ours = Ours(name, features, labels)
    peer = Peer(name, features, labels, ours=ours)
    case = f"hash step, {name}, batch {batch}, {BITS} bits"
    equal = same(case, ours, peer, draws=name == "triplet")
    threads = fastest_threads(peer.step, loops=20)
    return [equal, paired.compare(case, ours.step, peer.step, at_least=AT_LEAST, peer_threads=threads)]


def main() -> None:
    """Print the lines of the losses named, or of all, and the verdict."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = list(hash_peers.LOSSES)
    parser.add_argument("--only", action="append", choices=names, help="measure this loss; may be repeated")
    asked = parser.parse_args().only or names
    measured = (partial(measure, name, batch) for name in asked for batch in BATCHES)
    verdicts.finish([verdict for call in measured for verdict in call()])


if __name__ == "__main__":
    main()
