"""Scores of codes by Hamming distance: mAP, precision and recall within a radius, precision@N, the curve by radius.

Codes that come with their queries' activations are ranked by the lookup of these instead, but for what a radius says.

A gallery item is relevant where it has the query's class, or shares one of its concepts. Items at the same distance
are in no order by themselves, and a query may find nothing; ``Rules`` say what these come to. The average precision of
a cut ranking is divided by the number of relevant items found before the cut, as everywhere in the field of hashing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from datasets.errors import InputError, unknown
from datasets.vectors.base import VectorSet
from hashing.evaluation import histograms as histograms_of
from hashing.evaluation import labelled_codes, lookup, rankings
from hashing.evaluation.histograms import Histograms
from hashing.evaluation.kernels import LabelledCodes
from hashing.evaluation.rankings import Ranked

NO_HIT = ("zero", "drop")


@dataclass(frozen=True)
class Rules:
    """How ties and queries without a hit are counted.

    ties : "expected", the expected value over all orders of items at the same distance; "stable", as they stand in the
        gallery; "unstable", as NumPy's default argsort leaves them, which is what published evaluations do
    no_hit : a query that finds no relevant item before the cut counts 0 in mAP ("zero"), or is left out of its mean
        ("drop"); where it is left to the order of tied items, it is left out by as much as is expected
    """

    ties: str = "expected"
    no_hit: str = "zero"

    def __post_init__(self) -> None:
        for kind, value, known in (("rule of ties", self.ties, rankings.TIES), ("no-hit rule", self.no_hit, NO_HIT)):
            if value not in known:
                raise unknown(kind, value, known)

    @classmethod
    def named(cls, name: str) -> "Rules":
        """The rules of that name in RULES; raises InputError with a suggestion for another."""
        if name not in RULES:
            raise unknown("rules", name, RULES)
        return RULES[name]


EXPECTED = Rules()
RULES = {
    "expected": EXPECTED,
    "stable": Rules(ties="stable"),
    "thuml": Rules(ties="unstable", no_hit="drop"),  # github.com/thuml/HashNet
    "deephash-pytorch": Rules(ties="unstable"),  # github.com/swuxyj/DeepHash-pytorch
}


@dataclass(frozen=True, eq=False)
class Curves:
    """precision, recall (bits + 1,) float64: means over queries within Hamming radius 0 ... bits."""

    precision: np.ndarray
    recall: np.ndarray


def evaluate(
    vectors: VectorSet,
    *,
    tops: Sequence[int | None] = (None,),
    radius: int = 2,
    ns: Sequence[int] = (100, 1000),
    rules: Rules = EXPECTED,
    threads: int = 0,
) -> dict[str, float]:
    """{name: score between 0 and 1} of labelled codes, means over the queries.

    map@R for each of ``tops``, "map@all" for None; then within Hamming ``radius`` r precision@h<=r, recall@h<=r and
    map@h<=r; then precision@N for each of ``ns``. Where the gallery is shorter than R or N, all of it is taken.
    Where some of the gallery was trained on, "map@R untrained" is map@R without that part of it.
    threads : 0 is all that this process may use

    A query never finds itself, where it is in the gallery too. Within an empty radius all three score 0.
    A query with no relevant item in the gallery at all is a query without a hit, and scores 0 but where ``rules`` drop
    it from mAP; where there are any, "queries with nothing to find" tells how many.
    Raises InputError where the vectors are no labelled codes, or a number is out of range.
    """
    _check(vectors, tops, radius, ns)
    coded = labelled_codes.of(vectors)
    wanted = {("map@all" if top is None else f"map@{top}"): top for top in tops}
    scores = _scores(coded, wanted, radius, ns, rules, threads) | _looked_up(vectors, wanted, ns, rules)
    trained = None if vectors.gallery_trained is None else vectors.gallery_trained > 0
    if trained is not None and trained.any() and not trained.all():
        rest = _scores(labelled_codes.without(coded, trained), wanted, radius, (), rules, threads)
        rest |= _looked_up(vectors, wanted, (), rules, dropped=trained)
        scores |= {f"{name} untrained": rest[name] for name in wanted}
    return scores


def curves(vectors: VectorSet, *, threads: int = 0) -> Curves:
    """Precision and recall by radius, means over the queries; within an empty radius both are 0.

    Raises InputError where the vectors are no labelled codes.
    """
    coded = labelled_codes.of(vectors)
    parts = labelled_codes.each_block(_sums_by_radius, coded, threads)
    precision, recall = np.sum(parts, axis=0) / len(vectors.queries)
    return Curves(precision, recall)


def _sums_by_radius(queries: LabelledCodes) -> np.ndarray:
    """(2, bits + 1) precision and recall within each radius, summed over the queries."""
    counts = histograms_of.count(queries)
    items, relevant = counts.items.cumsum(axis=1), counts.relevant.cumsum(axis=1)
    return np.stack([_share(relevant, items).sum(axis=0), _share(relevant, relevant[:, -1:]).sum(axis=0)])


def _scores(
    coded: LabelledCodes, wanted: dict[str, int | None], radius: int, ns: Sequence[int], rules: Rules, threads: int
) -> dict[str, float]:
    """All scores in one gallery; ``wanted`` are the tops by the names of their scores."""
    lengths = [*wanted.values(), *ns]

    def work(queries: LabelledCodes) -> tuple[Ranked, np.ndarray]:
        counts = histograms_of.count(queries)
        ranked = rankings.rank(queries, counts, _cuts(queries, counts, lengths, radius), rules.ties)
        return ranked, counts.relevant.sum(axis=1)

    blocks, relevant = zip(*labelled_codes.each_block(work, coded, threads), strict=True)
    ranked, relevant = _joined(blocks), np.concatenate(relevant)
    scores = {name: _mean_precision(ranked, c, rules) for c, name in enumerate(wanted)}
    scores[f"precision@h<={radius}"] = float(_precision(ranked)[-1])
    scores[f"recall@h<={radius}"] = float(_share(ranked.found[:, -1], relevant).mean())
    scores[f"map@h<={radius}"] = _mean_precision(ranked, -1, rules)
    scores |= _precision_at(ranked, wanted, ns)
    nothing = int((relevant == 0).sum())
    return scores | {"queries with nothing to find": float(nothing)} if nothing else scores


def _looked_up(
    vectors: VectorSet,
    wanted: dict[str, int | None],
    ns: Sequence[int],
    rules: Rules,
    dropped: np.ndarray | None = None,
) -> dict[str, float]:
    """The scores of cut rankings by the lookup of the queries' activations; none where there are no activations."""
    if vectors.query_activations is None:
        return {}
    ranked = lookup.rank(vectors, [*wanted.values(), *ns], rules.ties, dropped=dropped)
    scores = {name: _mean_precision(ranked, c, rules) for c, name in enumerate(wanted)}
    return scores | _precision_at(ranked, wanted, ns)


def _precision(ranked: Ranked) -> np.ndarray:
    """(C,) the share of relevant items before each cut, means over the queries."""
    return _share(ranked.found, ranked.cuts).mean(axis=0)


def _precision_at(ranked: Ranked, wanted: dict[str, int | None], ns: Sequence[int]) -> dict[str, float]:
    """precision@N, whose cuts stand behind those that are ``wanted``."""
    precision = _precision(ranked)
    return {f"precision@{n}": float(precision[len(wanted) + c]) for c, n in enumerate(ns)}


def _cuts(queries: LabelledCodes, counts: Histograms, lengths: Sequence[int | None], radius: int) -> np.ndarray:
    """(Q, len(lengths) + 1) where rankings are cut: at each length, None being all, and last behind the radius."""
    there = labelled_codes.candidates(queries)
    cuts = [there if length is None else np.minimum(length, there) for length in lengths]
    return np.stack([*cuts, counts.items[:, : radius + 1].sum(axis=1)], axis=1)


def _mean_precision(ranked: Ranked, cut: int, rules: Rules) -> float:
    """The mean of average precision over the queries that count.

    Where queries without a hit are dropped, one whose ranking is empty, that is whose radius is, still counts 0.
    """
    counted = np.ones(len(ranked.cuts))
    if rules.no_hit == "drop":
        counted = np.where(ranked.cuts[:, cut] > 0, ranked.chance[:, cut], 1)
    return float(_share(ranked.precision[:, cut].sum(), counted.sum()))


def _joined(blocks: Sequence[Ranked]) -> Ranked:
    return Ranked(*(np.concatenate([getattr(block, field.name) for block in blocks]) for field in fields(Ranked)))


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, 0 where there is nothing."""
    part, whole = np.broadcast_arrays(part, whole)
    return np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0)


def _check(vectors: VectorSet, tops: Sequence[int | None], radius: int, ns: Sequence[int]) -> None:
    for flag, numbers in (("--top", [top for top in tops if top is not None]), ("--test-k", ns)):
        for number in numbers:
            if number < 1:
                raise InputError(f"{flag}={number}: must be at least 1")
    if not 0 <= radius <= vectors.dim:
        raise InputError(f"--radius={radius}: codes of {vectors.dim} bits have distances from 0 to {vectors.dim}")
