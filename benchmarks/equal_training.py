"""Margin loss and batch-hard triplet loss, each trained beside pytorch-metric-learning's: equal training, equal result.

python benchmarks/equal_training.py           three seeds, 5 and 3 epochs; some ten minutes on two cores
python benchmarks/equal_training.py --quick   two seeds, 1 epoch, to see that it runs: its scores say nothing

For a loss and a seed, both sides start from the same weights of the same small network (``convnet``, copied into torch,
whose embeddings of the first batch must be equal to 1e-4) and see the very same batches of augmented glyphs in the same
order, with Adam at the same rate and weight decay; margin's beta has SGD of its own in both. Both are judged by
``embedding.evaluation.scores`` on the test characters. What differs is chance in drawing negatives, rounding, the loss.
Batch-hard, which from random weights spends its first epochs near collapse on either side, starts from weights that
margin loss has trained for three epochs.

Prints one line a seed, one JSON line a loss and a verdict last; exits with code 1 where the mean recall@1 of ours stays
below the peer's by more than a standard deviation (of three seeds: the root of the mean of both sides' variances).
"""

import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import verdicts
from verdicts import Verdict

from datasets import images as image_sets
from datasets.images.base import ImageSet
from embedding.batches import decode
from embedding.batches.loader import Batch, Batches
from embedding.batches.plan import ByClass
from embedding.evaluation.extract import embeddings
from embedding.evaluation.scores import evaluate
from embedding.losses.base import EmbeddingLoss
from embedding.losses.margin import MarginLoss
from embedding.losses.triplet import TripletLoss
from embedding.mx import autograd, mx, nd
from embedding.network.net import EmbeddingNet
from embedding.training.fit import Optimizers, Schedule, fit

import torch  # isort: skip
from pytorch_metric_learning import losses as peer_losses  # isort: skip
from pytorch_metric_learning import miners as peer_miners  # isort: skip
from pytorch_metric_learning.reducers import MeanReducer  # isort: skip

QUICK = "--quick" in sys.argv
SEEDS = (1, 2) if QUICK else (1, 2, 3)
CLASSES, PER_CLASS, DIM = 16, 5, 128
RATE, DECAY, BETA_RATE = 1e-3, 1e-4, 0.1
SAME_TO = 1e-4


@dataclasses.dataclass(frozen=True)
class Contest:
    """A loss of ours and the peer's with the same settings; each is given the number of training classes.

    epochs : of both; warm_up : epochs of our margin loss before them, for weights to start from
    """

    name: str
    epochs: int
    warm_up: int
    ours: Callable[[int], EmbeddingLoss]
    loss: Callable[[int], torch.nn.Module]
    miner: Callable[[], torch.nn.Module]


CONTESTS = (
    Contest(
        "margin",
        1 if QUICK else 5,
        0,
        lambda classes: MarginLoss(classes=classes, dim=DIM, batch_k=PER_CLASS),
        lambda classes: peer_losses.MarginLoss(margin=0.2, nu=0, beta=1.2, learn_beta=True, num_classes=classes),
        lambda: peer_miners.DistanceWeightedMiner(cutoff=0.5, nonzero_loss_cutoff=1.4),
    ),
    Contest(
        "batch-hard",
        1 if QUICK else 3,
        1 if QUICK else 3,
        lambda classes: TripletLoss(classes=classes, dim=DIM, batch_k=PER_CLASS, mining="hard", margin=0.2),
        # Its own mean leaves out the triplets that cost nothing.
        lambda _: peer_losses.TripletMarginLoss(margin=0.2, reducer=MeanReducer()),
        lambda: peer_miners.BatchHardMiner(),
    ),
)


class Twin(torch.nn.Module):
    """The network ``net`` in torch, with its weights and batch norm's running means."""

    def __init__(self, net: EmbeddingNet) -> None:
        super().__init__()
        layers, channels = [], 3
        trunk = list(net.encoder.trunk)
        for convolution, norm in zip(trunk[0::4], trunk[2::4], strict=True):
            wide = convolution.weight.shape[0]
            layers += [torch.nn.Conv2d(channels, wide, 3, padding=1, bias=False), torch.nn.MaxPool2d(2)]
            # What torch calls momentum is the weight of the new value, in MXNet it is that of the old one.
            layers += [torch.nn.BatchNorm2d(wide, eps=1e-5, momentum=0.1), torch.nn.ReLU()]
            _copy(convolution.weight, layers[-4].weight)
            _copy(norm.gamma, layers[-2].weight)
            _copy(norm.beta, layers[-2].bias)
            _copy(norm.running_mean, layers[-2].running_mean)
            _copy(norm.running_var, layers[-2].running_var)
            channels = wide
        self.trunk = torch.nn.Sequential(*layers)
        self.linear = torch.nn.Linear(channels, DIM)
        _copy(net.head.linear.weight, self.linear.weight)
        _copy(net.head.linear.bias, self.linear.bias)
        self.mean = torch.from_numpy(net.encoder.mean.data().asnumpy())
        self.deviation = torch.from_numpy(net.encoder.deviation.data().asnumpy())

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        pixels = ((images.float() - self.mean) / self.deviation).permute(0, 3, 1, 2)
        return torch.nn.functional.normalize(self.linear(self.trunk(pixels).mean(dim=(2, 3))))


def _copy(parameter: mx.gluon.Parameter, weight: torch.Tensor) -> None:
    with torch.no_grad():
        weight.copy_(torch.from_numpy(parameter.data().asnumpy()))


def network(images: ImageSet, seed: int) -> EmbeddingNet:
    """The small network, its weights drawn from ``seed``."""
    mx.random.seed(seed)
    net = EmbeddingNet(model="convnet", dim=DIM)
    net.initialize(mx.init.Xavier(rnd_type="gaussian", factor_type="in", magnitude=2))
    net(nd.zeros((1, images.size, images.size, 3), dtype="uint8")).wait_to_read()  # the shapes of all weights
    net.hybridize(static_alloc=True, static_shape=True)
    return net


def planned(images: ImageSet, epochs: int, seed: int) -> tuple[int, list[list[Batch]]]:
    """The number of training classes, and the batches of every epoch."""
    batches = Batches(
        images,
        deal=ByClass(CLASSES, PER_CLASS),
        size=images.size,
        augmentation=decode.Augmentation(flip=False),
        seed=seed,
    )
    return batches.class_count, [list(batches.epoch(number)) for number in range(1, epochs + 1)]


def train_ours(net: EmbeddingNet, loss: EmbeddingLoss, epochs: list[list[Batch]], seed: int) -> None:
    """Through the one training loop."""
    loss.initialize()
    loss.hybridize(static_alloc=True)
    optimizers = Optimizers(net, loss, optimizer="adam", wd=DECAY)
    options = {"optimizers": optimizers, "schedule": Schedule(RATE), "epochs": len(epochs), "contexts": [mx.cpu()]}
    for _ in fit(net, loss, lambda number: epochs[number - 1], seed=seed, **options):
        pass


def train_peer(net: Twin, contest: Contest, classes: int, epochs: list[list[Batch]], seed: int) -> None:
    """A plain loop in torch. MXNet's Adam adds weight decay to the gradient, as torch's does (AdamW would not)."""
    torch.manual_seed(seed)
    loss, miner = contest.loss(classes), contest.miner()
    optimizers = [torch.optim.Adam(net.parameters(), lr=RATE, eps=1e-8, weight_decay=DECAY)]
    if own := list(loss.parameters()):
        optimizers.append(torch.optim.SGD(own, lr=BETA_RATE, momentum=0.9))
    net.train()
    for batch in (batch for batches in epochs for batch in batches):
        images, labels = torch.from_numpy(batch.inputs[0].asnumpy()), torch.from_numpy(batch.targets[0].asnumpy())
        for optimizer in optimizers:
            optimizer.zero_grad()
        rows, labels = net(images), labels.long()
        loss(rows, labels, miner(rows, labels)).backward()
        for optimizer in optimizers:
            optimizer.step()


def check_same(net: EmbeddingNet, twin: Twin, batch: Batch) -> None:
    """Stop where the two networks give different embeddings, in training, of the first batch."""
    with autograd.record(train_mode=True):
        ours = net(batch.inputs[0]).asnumpy()
    twin.train()
    with torch.no_grad():
        peer = twin(torch.from_numpy(batch.inputs[0].asnumpy())).numpy()
    if not np.allclose(ours, peer, atol=SAME_TO):
        sys.exit(f"the networks differ by {np.abs(ours - peer).max():.2g} before training: this would compare nothing")


def recall(forward: Callable[[np.ndarray], np.ndarray], images: ImageSet) -> float:
    """recall@1 on the test characters of what ``forward`` makes of images (n, H, W, 3) uint8."""
    pixels = np.stack([decode.read_fitted(images, int(row), images.size) for row in images.query])
    vectors = np.concatenate([forward(pixels[start : start + 256]) for start in range(0, len(pixels), 256)])
    return evaluate(embeddings(vectors, images, images.query), None, ks=(1,), nmi=False)["recall@1"]


def forward_ours(net: EmbeddingNet) -> Callable[[np.ndarray], np.ndarray]:
    """Our network as it is."""
    return lambda pixels: net(nd.array(pixels, dtype="uint8")).asnumpy()


def forward_peer(net: Twin) -> Callable[[np.ndarray], np.ndarray]:
    """The torch network as it is."""
    net.eval()

    def forward(pixels: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return net(torch.from_numpy(pixels)).numpy()

    return forward


def compete(contest: Contest, images: ImageSet, seed: int) -> tuple[float, float]:
    """recall@1 of ours and of the peer after the same training."""
    classes, epochs = planned(images, contest.warm_up + contest.epochs, seed)
    net = network(images, seed)
    if contest.warm_up:
        train_ours(net, CONTESTS[0].ours(classes), epochs[: contest.warm_up], seed)
        epochs = epochs[contest.warm_up :]
    start = recall(forward_ours(net), images)
    twin = Twin(net)
    check_same(net, twin, epochs[0][0])
    train_ours(net, contest.ours(classes), epochs, seed)
    train_peer(twin, contest, classes, epochs, seed)
    ours, peer = recall(forward_ours(net), images), recall(forward_peer(twin), images)
    print(
        f"{contest.name}, seed {seed}: recall@1 {start:.4f} at the start, ours {ours:.4f}, peer {peer:.4f}", flush=True
    )
    return ours, peer


def verdict(contest: Contest, scores: list[tuple[float, float]]) -> Verdict:
    """Print the JSON line of a loss; whether ours reaches the peer's recall less a standard deviation."""
    (ours, peer), variances = np.mean(scores, axis=0), np.var(scores, axis=0, ddof=1)
    deviation = float(np.sqrt(variances.mean()))
    recalls = {"recall_ours": round(float(ours), 4), "recall_peer": round(float(peer), 4)}
    facts = {**recalls, "seeds": len(scores), "epochs": contest.epochs}
    case, difference = f"equal_training.{contest.name}: recall@1 less the peer's", round(float(ours - peer), 4)
    return verdicts.figure(case, difference, at_least=round(-deviation, 4), **facts)


def main() -> None:
    """Print a line a seed and a loss, and the verdict."""
    torch.set_num_threads(1)  # what MXNet uses; two that wait for each other on a busy machine are ten times as slow
    images = image_sets.get("glyphs").load()
    verdicts.finish([verdict(one, [compete(one, images, seed) for seed in SEEDS]) for one in CONTESTS])


if __name__ == "__main__":
    main()
