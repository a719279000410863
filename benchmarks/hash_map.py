"""mAP@all and mAP@5000 of 5,000 queries against 100,000 codes of 64 bits, beside the usual evaluation in NumPy.

python benchmarks/hash_map.py           some two minutes
python benchmarks/hash_map.py --quick   a tenth of the queries and of the gallery, to see that it runs

Prints one JSON line a case and a verdict last; exits with code 1 where a bar is missed. The usual evaluation goes query
by query: distances as a product of float codes, argsort, the relevant ones by a product of labels, average precision.
It is timed as it is usually run, with argsort's default, which is the fastest and leaves tied items in any order, on a
share of the queries: it is a loop over them. Ours is the whole of ``evaluate`` of all queries, from packed codes and on
all cores, of which the usual evaluation can use more than one only in its products: ties in gallery order, and in lines
of their own the default, which is the expected value over all orders. Time is taken in one process, alternately. Values
are compared under one rule, ties in gallery order, for which the usual evaluation takes a stable argsort.

Memory is the peak of a process that makes up the codes and evaluates them. The codes are made up: images show one to
three of 21 concepts, and a code is the signs of noisy projections of its concepts.
"""

import sys
from functools import partial
from pathlib import Path

import numpy as np
import paired
import verdicts
from verdicts import Verdict

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from datasets.vectors.base import VectorSet
from hashing.codes import pack, unpack
from hashing.evaluation.scores import Rules, evaluate

QUICK = "--quick" in sys.argv
QUERIES, GALLERY = (500, 10_000) if QUICK else (5_000, 100_000)
BITS, CONCEPTS, TOP = 64, 21, 500 if QUICK else 5_000
COMPARED = 200  # queries whose values are compared
TIMED = QUERIES // 10  # queries of the usual evaluation
FASTER_AT_LEAST = {None: 5.0, TOP: 8.0}
GIGABYTES_AT_MOST = 1.0
WITHIN = 1e-9
STABLE, EXPECTED = Rules.named("stable"), Rules.named("expected")
MEMORY = "--memory"  # what the process is called with whose memory is measured


def made_up() -> VectorSet:
    """Codes that lie the nearer to each other the more of their concepts they share, with many ties."""
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(CONCEPTS, BITS))

    def images(count: int) -> tuple[np.ndarray, np.ndarray]:
        concepts = np.zeros((count, CONCEPTS), bool)
        for share in (1.0, 0.5, 0.3):
            shown = np.flatnonzero(rng.random(count) < share)
            concepts[shown, rng.integers(0, CONCEPTS, len(shown))] = True
        return pack(concepts @ directions + 1.5 * rng.normal(size=(count, BITS))), concepts

    gallery, gallery_labels = images(GALLERY)
    queries, query_labels = images(QUERIES)
    labels = {"gallery_labels": gallery_labels, "query_labels": query_labels}
    return VectorSet("made_up", "hamming", gallery, queries, **labels)


class Usual:
    """The evaluation query by query on float32 arrays, which are there before the clock starts."""

    def __init__(self, vectors: VectorSet) -> None:
        self.gallery, self.queries = (
            unpack(part).astype(np.float32) * 2 - 1 for part in (vectors.gallery, vectors.queries)
        )
        self.gallery_labels = vectors.gallery_labels.astype(np.float32)
        self.query_labels = vectors.query_labels.astype(np.float32)

    def map(self, top: int | None, *, queries: int, kind: str | None = None) -> float:
        """mAP@top of the first ``queries``; ``kind`` is argsort's."""
        total = 0.0
        for code, labels in zip(self.queries[:queries], self.query_labels[:queries], strict=True):
            distances = (BITS - self.gallery @ code) / 2
            order = np.argsort(distances, kind=kind)[:top]
            relevant = (self.gallery_labels @ labels > 0)[order]
            ranks = np.flatnonzero(relevant) + 1
            if len(ranks):
                total += float(np.mean(np.arange(1, len(ranks) + 1) / ranks))
        return total / queries


def ours(vectors: VectorSet, top: int | None, rules: Rules) -> float:
    """mAP@top of all queries, and the other scores, which cost next to nothing."""
    return evaluate(vectors, tops=(top,), rules=rules)[name_of(top)]


def name_of(top: int | None) -> str:
    """Of a score."""
    return f"map@{top or 'all'}"


def same_values(vectors: VectorSet, usual: Usual) -> list[Verdict]:
    """Print both sides' values where ties stand in gallery order; whether they are the same."""
    few = VectorSet(
        vectors.name,
        "hamming",
        vectors.gallery,
        vectors.queries[:COMPARED],
        gallery_labels=vectors.gallery_labels,
        query_labels=vectors.query_labels[:COMPARED],
    )
    told = []
    for top in FASTER_AT_LEAST:
        found = {"ours": ours(few, top, STABLE), "usual": usual.map(top, queries=COMPARED, kind="stable")}
        facts = {"ours_expected": ours(few, top, EXPECTED), "usual_unstable": usual.map(top, queries=COMPARED)}
        facts |= {"queries": COMPARED, "ties": "in gallery order", **found, "equal_within": WITHIN}
        same = abs(found["ours"] - found["usual"]) <= WITHIN
        told.append(verdicts.equal(f"hash_map.{name_of(top)} values", same, **facts))
    return told


def peak_gigabytes() -> float:
    """Of a process that makes up the codes and evaluates them under both rules."""
    return paired.printed_by(__file__, MEMORY, *(["--quick"] if QUICK else []))


def measure() -> None:
    """Print the peak of this process, after both evaluations."""
    vectors = made_up()
    for rules in (STABLE, EXPECTED):
        evaluate(vectors, tops=(None, TOP), rules=rules)
    print(paired.own_gigabytes("VmHWM"))


def main() -> None:
    """Print a line a bar, and the verdict."""
    size = f"{QUERIES}x{GALLERY}, {BITS} bits, {CONCEPTS} concepts"
    memory = round(peak_gigabytes(), 2)
    found = [verdicts.figure("hash_map.peak_gigabytes", memory, at_most=GIGABYTES_AT_MOST, size=size)]
    vectors = made_up()
    usual = Usual(vectors)
    found += same_values(vectors, usual)
    for top, bar in FASTER_AT_LEAST.items():
        for rules in (STABLE, EXPECTED):
            how = {"warm_up": False, "at_least": bar, "peer_share": TIMED / QUERIES}
            facts = {"size": size, "ours_ties": rules.ties, "peer_ties": "unstable argsort"}
            calls = partial(ours, vectors, top, rules), partial(usual.map, top, queries=TIMED)
            found.append(paired.compare(f"hash_map.{name_of(top)}, ties {rules.ties}", *calls, **how, **facts))
    verdicts.finish(found)


if __name__ == "__main__":
    if MEMORY in sys.argv:
        measure()
    else:
        main()
