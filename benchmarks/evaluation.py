"""Time and memory of a whole evaluation at the size of Stanford Online Products' test set.

python benchmarks/evaluation.py

Prints one JSON line a case and a verdict last; exits with code 1 where a bar is missed. The vectors are made up, with
as many images, classes and dimensions as there: neither time nor memory depends on what the images show.
"""

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
import paired

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from datasets.vectors.base import Embeddings
from embedding.evaluate import evaluate

IMAGES, CLASSES, DIMENSIONS = 60_502, 11_316, 128
KS = (1, 10, 100, 1000)
SECONDS_AT_MOST = 300
GIGABYTES_AT_MOST = 4


def made_up() -> Embeddings:
    """Unit rows around one random direction a class, every class with five or six images."""
    rng = np.random.default_rng(0)
    labels = np.arange(IMAGES) % CLASSES
    vectors = rng.normal(size=(CLASSES, DIMENSIONS))[labels] + 2.2 * rng.normal(size=(IMAGES, DIMENSIONS))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Embeddings(vectors.astype(np.float32), labels, tuple(map(str, range(IMAGES))))


def main() -> None:
    """Print a line for the time, one for the memory, and the verdict."""
    images = made_up()
    start = time.perf_counter()
    scores = evaluate(images, None, ks=KS)
    seconds = time.perf_counter() - start
    gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9  # of the whole process
    size = f"{IMAGES}x{DIMENSIONS}, {CLASSES} classes, k up to {max(KS)}"
    rounded = {name: round(value, 4) for name, value in scores.items()}
    cases = [
        {"case": "evaluation.seconds", "size": size, "ours": round(seconds, 1), "at_most": SECONDS_AT_MOST},
        {"case": "evaluation.peak_gigabytes", "size": size, "ours": round(gigabytes, 2), "at_most": GIGABYTES_AT_MOST},
    ]
    for case in cases:
        print(json.dumps(case | {"scores": rounded}))
    paired.finish([case["ours"] <= case["at_most"] for case in cases])


if __name__ == "__main__":
    main()
