"""Scores of 70 queries against 1,006,322 vectors of 512-d, as of RParis6k with a million distractors, beside a product.

python benchmarks/instance_evaluation.py           some two minutes; 4 GB of memory
python benchmarks/instance_evaluation.py --quick   a fiftieth of the gallery, to see that it runs

Prints one JSON line a case and a verdict last; exits with code 1 where a bar is missed. The peer is NumPy's product of
queries and gallery in single precision, with its (Q, G) result, which any evaluation begins with. Ours is all of it:
the products, the places of what is easy, hard and junk, and the scores of the three tasks. Places are compared with
those of a whole sort in double precision, of some queries. The vectors are made up, and so are the answers, as many a
query as RParis6k has: they lie anywhere in the ranking, which takes longer than where they come first.
"""

import sys
from pathlib import Path

import numpy as np
import paired
import verdicts

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from datasets.images.truth import Truth
from embedding.evaluation import revisited
from embedding.evaluation.ranking import Ranking

QUICK = "--quick" in sys.argv
QUERIES, GALLERY, DIMENSIONS = 70, 1_006_322 // (50 if QUICK else 1), 512
EASY, HARD, JUNK = 98, 148, 102  # of a query
AT_MOST = 2.5  # times as long as the product
COMPARED = 3  # queries whose places are compared with those of a sort
FIRST = 100


def made_up() -> tuple[np.ndarray, np.ndarray, Truth]:
    """Queries, gallery, and what the queries are to find."""
    rng = np.random.default_rng(0)
    gallery = rng.standard_normal((GALLERY, DIMENSIONS), np.float32)
    gallery /= np.linalg.norm(gallery, axis=1, keepdims=True)
    queries = rng.standard_normal((QUERIES, DIMENSIONS), np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    drawn = [np.split(rng.permutation(GALLERY)[: EASY + HARD + JUNK], (EASY, EASY + HARD)) for _ in queries]
    return queries, gallery, Truth("revisited", *map(tuple, zip(*drawn, strict=True)))


def same_places(queries: np.ndarray, gallery: np.ndarray, truth: Truth) -> verdicts.Verdict:
    """Print how many places differ from those of a stable sort of all products in double precision."""
    found = Ranking.of_vectors(queries[:COMPARED], gallery).ranks(truth.hard[:COMPARED])
    wrong = 0
    for query, rows, places in zip(queries, truth.hard, found, strict=False):
        scores = np.concatenate([part.astype(np.float64) @ query for part in np.array_split(gallery, 50)])
        sorted_places = np.empty(len(gallery), np.int64)
        sorted_places[np.argsort(-scores, kind="stable")] = np.arange(len(gallery))
        wrong += int((sorted_places[rows] != places).sum())
    facts = {"wrong": wrong, "places": COMPARED * HARD}
    return verdicts.equal("instance_evaluation.places as of a whole sort", not wrong, **facts)


def against_the_product(queries: np.ndarray, gallery: np.ndarray, truth: Truth) -> list[verdicts.Verdict]:
    """Print the whole evaluation, and the first of each ranking, beside one product of queries and gallery."""
    calls = {
        "scores": lambda: revisited.scores(Ranking.of_vectors(queries, gallery), truth),
        f"the first {FIRST}": lambda: Ranking.of_vectors(queries, gallery).first(FIRST),
    }
    size = f"{QUERIES} queries, {GALLERY}x{DIMENSIONS}, {EASY + HARD + JUNK} wanted a query"
    return [
        paired.compare(
            f"instance_evaluation.{name} against one product",
            call,
            lambda: queries @ gallery.T,
            at_least=1 / AT_MOST,
            size=size,
        )
        for name, call in calls.items()
    ]


def main() -> None:
    """Print a line a bar, and the verdict."""
    made = made_up()
    verdicts.finish([same_places(*made), *against_the_product(*made)])


if __name__ == "__main__":
    main()
