"""Forward and backward of margin loss with its sampling, beside pytorch-metric-learning's, on the same arrays.

    make bench, or: .bench-venv/bin/python benchmarks/loss_step.py

Both get unit rows (B, 128) in their own framework outside the clock; a step gives the loss and the gradient of the
embeddings. Torch gets as many threads as it is fastest with, one or all cores; importing MXNet would leave it one.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import paired

from embedding.losses.margin import MarginLoss
from embedding.mx import autograd, nd

import torch  # isort: skip
from pytorch_metric_learning.losses import MarginLoss as PeerLoss  # isort: skip
from pytorch_metric_learning.miners import DistanceWeightedMiner as PeerMiner  # isort: skip

DIM = 128
BARS = {80: (5, 4.0), 256: (4, 6.0), 1024: (4, 8.0)}  # batch: images a class, times as fast


def ours(embeddings: np.ndarray, labels: np.ndarray, batch_k: int) -> Callable[[], None]:
    """A step of ours."""
    loss = MarginLoss(classes=int(labels.max()) + 1, dim=DIM, batch_k=batch_k)
    loss.initialize()
    loss.hybridize(static_alloc=True)
    x, y = nd.array(embeddings), nd.array(labels)
    x.attach_grad()

    def step() -> None:
        with autograd.record():
            value = loss(x, y)
        value.backward()
        value.asscalar()
        x.grad.asnumpy()

    return step


def peers(embeddings: np.ndarray, labels: np.ndarray) -> Callable[[], None]:
    """The same of pytorch-metric-learning, with the same cut-offs."""
    loss, miner = PeerLoss(), PeerMiner(cutoff=0.5, nonzero_loss_cutoff=1.4)
    x, y = torch.from_numpy(embeddings).clone().requires_grad_(True), torch.from_numpy(labels)

    def step() -> None:
        x.grad = None
        value = loss(x, y, miner(x, y))
        value.backward()
        value.item()

    return step


def fastest_threads(step: Callable[[], None]) -> int:
    """The number of torch's threads, 1 or all cores, with which ``step`` takes the least time."""
    times = {}
    for threads in (1, os.cpu_count() or 1):
        torch.set_num_threads(threads)
        paired.time_call(step, 2)
        times[threads] = min(paired.time_call(step, 3) for _ in range(7))
    return min(times, key=times.get)


def main() -> None:
    """Print a line a batch size and the verdict."""
    passed = []
    for batch, (batch_k, bar) in BARS.items():
        rng = np.random.default_rng(batch)
        labels = np.repeat(np.arange(batch // batch_k), batch_k)
        embeddings = rng.standard_normal((batch, DIM)).astype(np.float32)
        embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
        case = f"margin loss with sampling, batch {batch} x {DIM}"
        step, peer = ours(embeddings, labels, batch_k), peers(embeddings, labels)
        threads = fastest_threads(peer)
        torch.set_num_threads(threads)
        passed.append(paired.compare(case, step, peer, at_least=bar, peer_threads=threads))
    paired.finish(passed)


if __name__ == "__main__":
    main()
