"""Forward and backward of our losses beside pytorch-metric-learning's, on the same arrays.

    make bench, or: .bench-venv/bin/python benchmarks/loss_step.py [--only=triplet]

Both get rows (B, 128) in their own framework outside the clock; a step gives the loss and the gradient of the
embeddings. Torch gets as many threads as it is fastest with, one or all cores; importing MXNet would leave it one.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import paired
import verdicts
from verdicts import Verdict

from embedding import losses
from embedding.mx import autograd, nd

import torch  # isort: skip
from pytorch_metric_learning import losses as peer_losses  # isort: skip
from pytorch_metric_learning import miners as peer_miners  # isort: skip
from torch_threads import fastest_threads  # isort: skip

DIM = 128

Step = Callable[[], float]


@dataclass(frozen=True)
class Case:
    """A loss: its title, our options, the peer's loss and miner, and for each batch size (images a class, bar)."""

    title: str
    options: dict[str, Any]
    peer: Callable[..., Any]
    peer_miner: Callable[..., Any] | None
    bars: dict[int, tuple[int, float]]  # the bar is how many times as fast as the peer ours must be


CASES = {
    "margin": Case(
        "margin loss with sampling",
        {},
        peer_losses.MarginLoss(),
        peer_miners.DistanceWeightedMiner(cutoff=0.5, nonzero_loss_cutoff=1.4),
        {80: (5, 4.0), 256: (4, 6.0), 1024: (4, 8.0)},
    ),
    # The peer has no weight on norms; its pairs are the first two images of each class.
    "npair": Case(
        "N-pair loss", {"l2_reg": 0.0}, peer_losses.NPairsLoss(), None, {256: (2, 1 / 1.2), 1024: (2, 1 / 1.2)}
    ),
    "triplet": Case(
        "batch-hard triplet loss",
        {"margin": 0.2},
        peer_losses.TripletMarginLoss(margin=0.2),
        peer_miners.BatchHardMiner(),
        {256: (4, 1 / 0.7), 1024: (4, 1 / 0.7)},
    ),
}


def ours(name: str, embeddings: np.ndarray, labels: np.ndarray, batch_k: int) -> Step:
    """A step of the loss ``name``."""
    made = losses.get(name).Loss(classes=int(labels.max()) + 1, dim=DIM, batch_k=batch_k, **CASES[name].options)
    made.initialize()
    made.hybridize(static_alloc=True)
    x, y = nd.array(embeddings), nd.array(labels)
    x.attach_grad()

    def step() -> float:
        with autograd.record():
            value = made(x, y)
        value.backward()
        x.grad.asnumpy()
        return float(value.asscalar())

    return step


def peers(name: str, embeddings: np.ndarray, labels: np.ndarray) -> Step:
    """The same of pytorch-metric-learning."""
    loss, miner = CASES[name].peer, CASES[name].peer_miner
    x, y = torch.from_numpy(embeddings).clone().requires_grad_(True), torch.from_numpy(labels)

    def step() -> float:
        x.grad = None
        value = loss(x, y, miner(x, y)) if miner else loss(x, y)
        value.backward()
        return value.item()

    return step


def measure(name: str) -> list[Verdict]:
    """Print a line a batch size of the loss ``name``; whether each reaches its bar."""
    found = []
    for batch, (batch_k, bar) in CASES[name].bars.items():
        rng = np.random.default_rng(batch)
        labels = np.repeat(np.arange(batch // batch_k), batch_k)
        embeddings = rng.standard_normal((batch, DIM)).astype(np.float32)
        embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
        case = f"{CASES[name].title}, batch {batch} x {DIM}"
        step, peer = ours(name, embeddings, labels, batch_k), peers(name, embeddings, labels)
        threads = fastest_threads(peer)
        torch.set_num_threads(threads)
        found.append(paired.compare(case, step, peer, at_least=round(bar, 2), peer_threads=threads))
    return found


def main() -> None:
    """Print the lines of the losses named, or of all, and the verdict."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=list(CASES), help="measure this loss; may be repeated")
    asked = parser.parse_args().only or list(CASES)
    verdicts.finish([verdict for name in asked for verdict in measure(name)])


if __name__ == "__main__":
    main()
