"""What it takes to propose classes for many pictures, and how good they are, as the page for annotating does it.

OMP_NUM_THREADS=2 python benchmarks/proposals.py

Synthetic unit vectors of 512 numbers in 1,000 classes of unequal size, some far from the others and some near.
"""

import argparse
import resource
import time

import numpy as np

from embedding.categories.known import known_classes
from embedding.categories.mine import Wish
from embedding.categories.neighborhood import unit_rows
from embedding.categories.proposals import scores
from embedding.categories.sampled import mine_some

CLASSES, DIM, SPREAD = 1_000, 512, 0.045


def drawn(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Vectors (count, 512) and their classes (count,)."""
    rng = np.random.default_rng(seed)
    centers = unit_rows(rng.normal(size=(CLASSES, DIM)) + 0.5 * rng.normal(size=(1, DIM)))
    share = rng.gamma(2.0, size=CLASSES)
    labels = rng.choice(CLASSES, count, p=share / share.sum())
    noise = rng.normal(size=(count, DIM)).astype(np.float32)
    return unit_rows(centers[labels] + SPREAD * noise), labels


def main() -> None:
    """A line for each number of pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", type=int, nargs="+", default=[10_000, 20_000, 100_000])
    parser.add_argument("--most", type=int, default=10_000, help="pictures that are grouped; the others join")
    parser.add_argument("--known", action="store_true", help="a tenth of the classes is known")
    asked = parser.parse_args()
    print(f"{'pictures':>9} {'seconds':>8} {'groups':>7} {'in them':>8} {'nmi':>6} {'pairwise f1':>12} {'MB':>6}")
    for count in asked.counts:
        vectors, labels = drawn(count)
        is_known = labels < CLASSES // 10 if asked.known else np.zeros(count, bool)
        start = time.perf_counter()
        known = known_classes(vectors[is_known], labels[is_known]) if asked.known else None
        found = mine_some(vectors[~is_known], known, Wish(), most=asked.most).proposals
        took = time.perf_counter() - start
        its = scores(labels[~is_known], found.groups)
        share = float((found.clusters >= 0).mean())
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        told = f"{len(found.confidences):7,} {share:8.1%} {its['nmi']:6.3f} {its['pairwise f1']:12.3f} {most:6,.0f}"
        print(f"{count:9,} {took:8.1f} {told}", flush=True)


if __name__ == "__main__":
    main()
