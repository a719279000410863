"""Recalls and ranks of 5,000 images and 25,000 captions both ways, beside the usual way and beside a bare product.

python benchmarks/crossmodal_eval.py           some minutes
python benchmarks/crossmodal_eval.py --quick   a fifth of the images, to see that it runs

Prints one JSON line a case and a verdict last; exits with code 1 where a bar is missed. Ours is the whole of
``vse.evaluation.scores.evaluate``, on as many cores as NumPy's products use. Time is taken in one process, alternately:

- against the usual way, query by query: a product with all answers, argsort, and where the right ones came to stand. It
  is a loop over queries, and runs on a share of the images and of their captions, in all of the others;
- against one blocked matrix product of all images and captions and nothing else, the scores of each block written over
  those of the last, in blocks of 256 images or in the tiles that ours compares, whichever is faster here.

The figures of both sides must be equal on that share. Memory is what a process that evaluates reaches beyond what it
had reached with its inputs. The embeddings are made up: unit rows of 1,024 numbers, captions scattered about their
images such that about half of the captions find theirs first.
"""

import sys
from functools import partial
from pathlib import Path

import numpy as np
import paired
import verdicts
from verdicts import Verdict

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from vse.evaluation.scores import evaluate, ranks, summary

QUICK = "--quick" in sys.argv
IMAGES, PER_IMAGE, DIMENSIONS = 1_000 if QUICK else 5_000, 5, 1_024
TIMED = IMAGES // 40  # images of the usual way, with their captions
SPREAD = 8.0
FASTER_AT_LEAST, SLOWER_AT_MOST, GIGABYTES_AT_MOST = 15.0, 1.15, 1.0
MEAN_RANK_WITHIN = 0.01  # two answers that differ by rounding alone may change places
BLOCKS = {"blocks of 256 images": (256, IMAGES * PER_IMAGE), "tiles of 2048 x 2048": (2048, 2048)}
MEMORY = "--memory"  # what the process is called with whose memory is measured


def made_up() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images, captions and the image of each caption, five after each other."""
    rng = np.random.default_rng(0)
    image_of = np.repeat(np.arange(IMAGES), PER_IMAGE)
    images = rng.standard_normal((IMAGES, DIMENSIONS), np.float32)
    captions = rng.standard_normal((len(image_of), DIMENSIONS), np.float32)
    captions *= SPREAD
    captions += images[image_of]
    for rows in (images, captions):
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return images, captions, image_of


def usual(images: np.ndarray, captions: np.ndarray, *, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The ranks from 0 of the first ``count`` images and of their captions, query by query."""
    image_ranks = np.zeros(count, np.int64)
    for i in range(count):
        order = np.argsort(captions @ images[i])[::-1]
        own = range(PER_IMAGE * i, PER_IMAGE * (i + 1))
        image_ranks[i] = min(np.flatnonzero(order == caption)[0] for caption in own)
    caption_ranks = np.zeros(PER_IMAGE * count, np.int64)
    for caption in range(PER_IMAGE * count):
        order = np.argsort(images @ captions[caption])[::-1]
        caption_ranks[caption] = np.flatnonzero(order == caption // PER_IMAGE)[0]
    return image_ranks, caption_ranks


def product(images: np.ndarray, captions: np.ndarray, rows: int, columns: int) -> None:
    """All scores, so many of images and of captions at a time."""
    room = np.empty(min(rows, len(images)) * min(columns, len(captions)), np.float32)
    for start in range(0, len(captions), columns):
        some = captions[start : start + columns]
        for first in range(0, len(images), rows):
            others = images[first : first + rows]
            np.dot(others, some.T, out=room[: len(others) * len(some)].reshape(len(others), len(some)))


def same_figures(images: np.ndarray, captions: np.ndarray, image_of: np.ndarray) -> Verdict:
    """Print both sides' figures on the share of the usual way; whether they are the same."""
    image_ranks, caption_ranks = ranks(images, captions, image_of)
    ours = summary(image_ranks[:TIMED], caption_ranks[: PER_IMAGE * TIMED])
    peer = summary(*usual(images, captions, count=TIMED))
    within = {name: MEAN_RANK_WITHIN if name.endswith("meanr") else 1e-9 for name in ours}
    same = all(abs(ours[name] - peer[name]) <= within[name] for name in ours)
    share = {"images": TIMED, "captions": PER_IMAGE * TIMED}
    facts = {**share, "ours": ours, "usual": peer, "mean_rank_within": MEAN_RANK_WITHIN}
    return verdicts.equal("crossmodal_eval.figures", same, **facts)


def fastest_blocks(images: np.ndarray, captions: np.ndarray) -> str:
    """Which blocks the bare product is fastest in."""
    calls = {name: partial(product, images, captions, *shape) for name, shape in BLOCKS.items()}
    return min(calls, key=lambda name: min(paired.time_call(calls[name], 1) for _ in range(2)))


def peak_gigabytes() -> float:
    """What a process that evaluates reaches beyond its inputs."""
    return paired.printed_by(__file__, MEMORY, *(["--quick"] if QUICK else []))


def measure() -> None:
    """Print by how much the peak of this process lies above what it holds when the embeddings are made up."""
    arrays = made_up()
    before = paired.own_gigabytes("VmRSS")
    evaluate(*arrays)
    print(paired.own_gigabytes("VmHWM") - before)


def main() -> None:
    """Print a line a bar, and the verdict."""
    size = f"{IMAGES}x{IMAGES * PER_IMAGE}, {DIMENSIONS} dimensions"
    memory = round(peak_gigabytes(), 3)
    case = "crossmodal_eval.gigabytes beyond the inputs"
    found = [verdicts.figure(case, memory, at_most=GIGABYTES_AT_MOST, size=size)]
    images, captions, image_of = made_up()
    found.append(same_figures(images, captions, image_of))
    ours = partial(evaluate, images, captions, image_of)
    how = {"warm_up": False, "at_least": FASTER_AT_LEAST, "peer_share": TIMED / IMAGES}
    loop = partial(usual, images, captions, count=TIMED)
    found.append(paired.compare("crossmodal_eval against the usual way", ours, loop, **how, size=size))
    blocks = fastest_blocks(images, captions)
    how = {"warm_up": False, "at_least": round(1 / SLOWER_AT_MOST, 3), "peer_blocks": blocks}
    bare = partial(product, images, captions, *BLOCKS[blocks])
    found.append(paired.compare("crossmodal_eval against one product", ours, bare, **how, size=size))
    verdicts.finish(found)


if __name__ == "__main__":
    if MEMORY in sys.argv:
        measure()
    else:
        main()
