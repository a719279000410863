"""Diffusion over 100,000 vectors: its graph beside the search that finds the neighbors, its steps beside one product.

python benchmarks/instance_diffusion.py           100,000 x 512, k 50, 70 queries; some six minutes on two cores
python benchmarks/instance_diffusion.py --quick   a tenth of the gallery, to see that it runs

Prints one JSON line a case and a verdict last; exits with code 1 where a bar is missed. The vectors are made up, in
clusters. All pairs are searched once, for the graph; a round then times a part of that search beside all of the rest.
A step is a twentieth of twenty together, for 70 queries; the peer is SciPy's product of the graph with 70 columns.
"""

import sys
import time
from pathlib import Path

import numpy as np
import paired
import verdicts

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from datasets.vectors import exact
from embedding.reranking import conjugate_gradients, diffusion, graph

QUICK = "--quick" in sys.argv
GALLERY, DIMENSIONS, K, QUERIES = (10_000 if QUICK else 100_000), 512, 50, 70
SEARCHED = 2048  # rows of the gallery whose neighbors a round searches
BUILD_AT_MOST = 1.3  # of the search of all pairs
STEPS_AT_MOST = 20
STEP_AT_MOST = 2.0  # of SciPy's product
TOLERANCE = 1e-6


def made_up(count: int, seed: int) -> np.ndarray:
    """Unit rows around two thousand centres."""
    centres = np.random.default_rng(0).standard_normal((2000, DIMENSIONS), np.float32)
    rng = np.random.default_rng(seed)
    vectors = centres[rng.integers(0, len(centres), count)] + rng.standard_normal((count, DIMENSIONS), np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def search(gallery: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of some rows, as ``graph.of_gallery`` does of all."""
    return exact.search(gallery[rows], gallery, K, metric="inner_product", exclude=rows)


def building(gallery: np.ndarray, neighbors: np.ndarray, similarities: np.ndarray) -> verdicts.Verdict:
    """The whole building beside its search, of which a round times a part, and counts it as often as it fits."""
    rows = np.arange(SEARCHED)

    def one_round(turn: int) -> paired.Pair:
        found = {}
        for name in sorted(("search", "rest"), reverse=bool(turn % 2)):
            start = time.perf_counter()
            search(gallery, rows) if name == "search" else graph.normalised(graph.mutual(neighbors, similarities))
            found[name] = (time.perf_counter() - start) * 1e3
        found["search"] *= GALLERY / SEARCHED
        return found["search"] + found["rest"], found["search"]

    facts = {"size": f"{GALLERY}x{DIMENSIONS}, k {K}", "searched_a_round": SEARCHED}
    return paired.by_rounds(
        "diffusion.graph against its search", one_round, at_least=round(1 / BUILD_AT_MOST, 3), **facts
    )


def main() -> None:
    """Print a line a bar, and the verdict."""
    gallery, queries = made_up(GALLERY, 1), made_up(QUERIES, 2)
    neighbors, similarities = search(gallery, np.arange(GALLERY))
    links = graph.normalised(graph.mutual(neighbors, similarities))
    found = [building(gallery, neighbors, similarities)]
    starts, weights = graph.nearest(queries, gallery, 10)
    wanted = diffusion.started(starts, weights**3, GALLERY)
    calls = {
        "ours": lambda: conjugate_gradients.solve(links, wanted, steps=STEPS_AT_MOST, tolerance=0),
        "peer": lambda: links @ wanted,
    }
    facts = {"size": f"{links.nnz} links, {QUERIES} queries", "steps": STEPS_AT_MOST}
    bar = round(1 / STEP_AT_MOST, 3)
    found.append(
        paired.compare(
            "diffusion.step against SciPy's product", **calls, at_least=bar, peer_share=1 / STEPS_AT_MOST, **facts
        )
    )
    solved = conjugate_gradients.solve(links, wanted, steps=STEPS_AT_MOST, tolerance=TOLERANCE)
    left = wanted - (solved - np.float32(0.99) * (links @ solved))
    wrong = float((np.linalg.norm(left, axis=0) / np.linalg.norm(wanted, axis=0)).max())
    found.append(verdicts.figure("diffusion.left after its steps", round(wrong, 6), at_most=0.1, steps=STEPS_AT_MOST))
    verdicts.finish(found)


if __name__ == "__main__":
    main()
