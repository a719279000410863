"""Mining an epoch's tuples over a pool of 20,000 images, beside the extraction of that pool and nothing else.

python benchmarks/instance_mining.py           20,000 images, 2,000 queries, 2,048 dimensions; a quarter of an hour
python benchmarks/instance_mining.py --quick   600 images, 60 queries, to see that it runs

Prints one JSON line a case and a verdict last; exits with code 1 where the bar is missed. Both sides look at the same
images with the same network, ResNet18 at 96 pixels that ends in as many numbers as ResNet101 does: a trunk of instance
retrieval takes fifty times as long a picture, so that mining weighs more here than it ever will. The images are made
up, of as many instances as SfM-120k trains on; what comes out is compared with a plain search once, before the clock.
"""

import sys
from functools import partial
from pathlib import Path

import numpy as np
import paired
import verdicts
from verdicts import Verdict

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from datasets.images.base import ImageSet
from embedding.batches.tuple_loader import TupleBatches
from embedding.engine.gluon import forward
from embedding.mx import mx
from embedding.network.instance_head import instance_net
from embedding.network.net import see_blank

QUICK = "--quick" in sys.argv
POOL, QUERIES, INSTANCES = (600, 60, 60) if QUICK else (20_000, 2_000, 551)
TRUNK, DIMENSIONS, SIDE, NEGATIVES = "resnet18_v1b", 2_048, 96, 5
LONGER_AT_MOST = 1.1


def made_up() -> ImageSet:
    """Noise, a little of it the same in all images of an instance."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, INSTANCES, POOL)
    shared = rng.integers(0, 128, (INSTANCES, SIDE, SIDE, 3), dtype=np.uint8)
    images = shared[labels]
    for start in range(0, POOL, 1000):
        images[start : start + 1000] += rng.integers(0, 128, images[start : start + 1000].shape, dtype=np.uint8)
    none = np.zeros(0, np.int64)
    return ImageSet("made up", images, labels, tuple(map(str, range(INSTANCES))), np.arange(POOL), none, none)


def batches(images: ImageSet) -> TupleBatches:
    """The tuples of ``images``, mined by an untrained network."""
    devices = [mx.cpu()]
    mx.random.seed(0)
    net = instance_net(TRUNK, "gem", whitening=True, dim=DIMENSIONS)
    net.initialize(mx.init.Xavier())
    see_blank(net, SIDE, devices, flag="")
    net.hybridize(static_alloc=True, static_shape=True)
    how = {"queries": QUERIES, "pool": POOL, "negatives": NEGATIVES, "size": 5, "at_once": 5}
    return TupleBatches(images, partial(forward, net, devices), side=SIDE, seed=0, **how)


def same_as_plain(made: TupleBatches) -> Verdict:
    """Whether the first queries' negatives are those of a whole ranking, one image after the other."""
    tuples, labels = made.mine(1)[:20], made.images.labels
    vectors = made.vectors(np.arange(POOL)).astype(np.float64)
    worst = 0.0
    for query, _, *negatives in tuples:
        distances = np.linalg.norm(vectors - vectors[query], axis=1)
        seen, best = {labels[query]}, []
        for row in np.argsort(distances):
            if labels[row] not in seen and len(best) < NEGATIVES:
                seen.add(labels[row])
                best.append(distances[row])
        worst = max(worst, float(np.abs(distances[negatives] - best).max()))
    return verdicts.equal("mining.negatives", worst < 1e-3, farthest_from_plain=worst)


def main() -> None:
    """Print a line a case, and the verdict."""
    made = batches(made_up())
    found = [same_as_plain(made)]
    rows = np.arange(POOL)
    facts = {"size": f"{QUERIES} queries, {POOL}x{DIMENSIONS}, {INSTANCES} instances, {TRUNK} at {SIDE} pixels"}
    how = {"at_least": round(1 / LONGER_AT_MOST, 3), "warm_up": False}
    sides = (lambda: made.mine(2), lambda: made.vectors(rows))
    found.append(paired.compare("mining against extraction of the pool", *sides, **how, **facts))
    verdicts.finish(found)


if __name__ == "__main__":
    main()
