"""A whole evaluation at the size of Stanford Online Products' test set, beside bare Faiss and pytorch-metric-learning.

python benchmarks/evaluation.py           60,502 x 128 in 11,316 classes; some minutes
python benchmarks/evaluation.py --quick   10,000 x 128 in 1,869 classes, to see that it runs

Prints one JSON line a case and a verdict last; exits with code 1 where a bar is missed. Ours gives recall@1, 10, 100
and 1000, MAP@R, R-precision and NMI. Time is taken in one process, alternately:

- against the searches that these figures need and nothing else: ``IndexFlatL2`` for 1,000 neighbors and itself, and
  ``faiss.Kmeans`` with as many clusters as classes, random rows as a start and as many iterations at most;
- against ``AccuracyCalculator`` with precision@1, R-precision, MAP@R and NMI, which searches for R neighbors only and
  has no recall@1000. All four must be equal to four places, NMI of the same clusters: its k-means starts at other
  random rows, so that the NMI of its own clusters is another draw. That is printed too, and must be equal to 0.01.

Memory is the peak of a process of its own that does nothing but evaluate. The vectors are made up: as many images,
classes and dimensions as there, spread such that recall@1 is about 0.75, which is what trained networks reach. How
many queries find nothing early, and how soon k-means comes to rest, depends on that.
"""

import os
import sys
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import paired
import verdicts
from verdicts import Verdict

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from datasets.vectors.base import Embeddings
from embedding.evaluation.cluster import kmeans
from embedding.evaluation.scores import evaluate

QUICK = "--quick" in sys.argv
IMAGES, CLASSES, DIMENSIONS = (10_000, 1_869, 128) if QUICK else (60_502, 11_316, 128)
KS = (1, 10, 100, 1000)
CORES = os.cpu_count() or 1
ITERATIONS = 25  # of k-means, at most, ours and Faiss's
SPREAD = 1.4
SLOWER_AT_MOST, FASTER_AT_LEAST, GIGABYTES_AT_MOST = 1.15, 2.0, 1.5
MEMORY = "--memory"  # what the process is called with whose memory is measured
SAME = {
    "recall@1": "precision_at_1",
    "map@r": "mean_average_precision_at_r",
    "r-precision": "r_precision",
    "nmi": "NMI",
}
NMI_WITHIN = 0.01


def made_up() -> Embeddings:
    """Unit rows around one random direction a class, every class with five or six images."""
    rng = np.random.default_rng(0)
    labels = np.arange(IMAGES) % CLASSES
    vectors = rng.normal(size=(CLASSES, DIMENSIONS))[labels] + SPREAD * rng.normal(size=(IMAGES, DIMENSIONS))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Embeddings(vectors.astype(np.float32), labels, tuple(map(str, range(IMAGES))))


def bare_faiss(vectors: np.ndarray) -> None:
    """What the figures need of Faiss; a query finds itself too, so that one more is searched."""
    index = faiss.IndexFlatL2(DIMENSIONS)
    index.add(vectors)
    index.search(vectors, max(KS) + 1)
    means = faiss.Kmeans(
        DIMENSIONS,
        CLASSES,
        niter=ITERATIONS,
        seed=0,
        init_method=faiss.ClusteringInitMethod_RANDOM,
        min_points_per_centroid=1,
    )
    means.train(vectors)
    means.index.search(vectors, 1)


def peer_scores(images: Embeddings, threads: int, **settings: Any) -> dict[str, float]:
    """What pytorch-metric-learning says; Torch gets ``threads``, Faiss all. ``settings``: of its AccuracyCalculator."""
    # Imported here: Torch, which the process whose memory is measured must not hold.
    import torch
    from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator

    torch.set_num_threads(threads)
    faiss.omp_set_num_threads(CORES)
    settings = {"include": tuple(SAME.values()), "k": "max_bin_count", **settings}
    calculator = AccuracyCalculator(**settings, device=torch.device("cpu"))
    return calculator.get_accuracy(torch.from_numpy(images.vectors), torch.from_numpy(images.labels))


def fastest_threads(images: Embeddings) -> int:
    """The number of Torch's threads, 1 or all cores, with which the peer is faster: on a busy machine they wait."""
    return min((1, CORES), key=lambda threads: paired.time_call(lambda: peer_scores(images, threads), 1))


def same_figures(images: Embeddings) -> Verdict:
    """Print both sides' figures; whether they are the same."""
    ours, peer = evaluate(images, None, ks=KS), peer_scores(images, CORES)
    clusters = peer_scores(images, CORES, include=("NMI",), kmeans_func=lambda rows, k: kmeans(np.asarray(rows), k))
    drawn, peer["NMI"] = peer["NMI"], clusters["NMI"]
    facts = {
        "ours": {name: round(value, 4) for name, value in ours.items()},
        "peer": {name: round(peer[other], 4) for name, other in SAME.items()},
        "equal_places": 4,
        "peer_nmi_of_its_own_clusters": round(drawn, 4),
        "nmi_within": NMI_WITHIN,
    }
    same = all(facts["ours"][name] == facts["peer"][name] for name in SAME)
    return verdicts.equal("evaluation.figures", same and abs(ours["nmi"] - drawn) <= NMI_WITHIN, **facts)


def peak_gigabytes() -> float:
    """Of a process that makes up the vectors and evaluates them once."""
    return paired.printed_by(__file__, MEMORY, *(["--quick"] if QUICK else []))


def main() -> None:
    """Print a line a bar, and the verdict."""
    size = f"{IMAGES}x{DIMENSIONS}, {CLASSES} classes, k up to {max(KS)}"
    memory = round(peak_gigabytes(), 2)
    found = [verdicts.figure("evaluation.peak_gigabytes", memory, at_most=GIGABYTES_AT_MOST, size=size)]
    images = made_up()
    found.append(same_figures(images))
    threads = fastest_threads(images)
    bars = {
        "bare Faiss": (lambda: bare_faiss(images.vectors), round(1 / SLOWER_AT_MOST, 3)),
        "AccuracyCalculator": (lambda: peer_scores(images, threads), FASTER_AT_LEAST),
    }
    for name, (peer, bar) in bars.items():
        how = {"at_least": bar, "warm_up": False}
        facts = {"size": size, "faiss_threads": faiss.omp_get_max_threads(), "torch_threads": threads}
        case = f"evaluation against {name}"
        found.append(paired.compare(case, lambda: evaluate(images, None, ks=KS), peer, **how, **facts))
    verdicts.finish(found)


if __name__ == "__main__":
    if MEMORY in sys.argv:
        evaluate(made_up(), None, ks=KS)
        print(paired.own_gigabytes("VmHWM"))
    else:
        main()
