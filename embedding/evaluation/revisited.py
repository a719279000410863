"""Instance retrieval judged as published: revisited and old Oxford and Paris, Holidays, Google Landmarks, one's own.

Every protocol takes from a ranking what counts neither as found nor as wrong, its junk, and then looks at the places,
from 0 on, of what is right:

revisited : mean average precision and precision at 1, 5 and 10 of the tasks easy (right is what is easy; junk is what
    is hard, too), medium (both are right) and hard (right is what is hard; junk is what is easy, too). Radenovic et
    al., Revisiting Oxford and Paris, CVPR 2018
oxford : mean average precision; good and ok are right. Philbin et al., CVPR 2007
holidays : the same; the query itself is junk. Jegou, Douze and Schmid, ECCV 2008
landmarks : mAP@100, and µAP, for which each query is recognised by its nearest picture. Weyand et al., Google
    Landmarks Dataset v2, CVPR 2020
instances : mean average precision and recall@1

The first three measure the area under the curve of precision and recall by trapezoids, as the programs do that were
published with the sets, those of Holidays too; landmarks and instances sum up the precisions at hits.
A query that has nothing to find in a task is left out of the task's means.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from datasets.errors import InputError
from datasets.images.truth import Truth
from embedding.evaluation.ranking import Ranking

_TASKS = {
    "easy": (("easy",), ("hard", "junk")),
    "medium": (("easy", "hard"), ("junk",)),
    "hard": (("hard",), ("easy", "junk")),
}
_ALL = (("easy", "hard"), ("junk",))
_TOP = 100  # of landmarks


@dataclass(frozen=True, eq=False)
class Found:
    """Where what is right stands in the rankings of Q queries, each without its junk.

    places : (W,) int64 from 0 on, query after query, each query's ascending
    asks : (W,) int64, the query of each
    counts : (Q,) int64, how many each query has
    """

    places: np.ndarray
    asks: np.ndarray
    counts: np.ndarray

    @property
    def hits(self) -> np.ndarray:
        """(W,) how many right ones stand before each."""
        return np.arange(len(self.places)) - np.repeat(np.cumsum(self.counts) - self.counts, self.counts)

    def summed(self, values: np.ndarray) -> np.ndarray:
        """(Q,) the sum of values (W,) of each query."""
        return np.bincount(self.asks, values, minlength=len(self.counts))


def scores(ranking: Ranking, truth: Truth) -> dict[str, dict[str, float]]:
    """The scores published for the protocol of ``truth``: {part of the set, or "": {name of the score: 0 to 1}}.

    revisited: "mAP easy", "mP@1 easy", ... "mP@10 hard"; oxford and holidays: "mAP"; landmarks: "mAP@100" and "µAP";
    instances: "mAP" and "recall@1". Where queries are left out of them, "queries left out" tells how many, of
    revisited "queries left out easy" and so on. A task that no query of a part has anything to find in has no scores.
    Raises InputError where that is so of all tasks of a part.
    """
    of_parts = np.array(truth.parts or ("",) * len(truth))
    values = of_queries(ranking, truth)
    found = {}
    for part in dict.fromkeys(of_parts.tolist()):
        chosen = of_parts == part
        found[part] = _means({name: each[chosen] for name, each in values.items()})
        if truth.protocol == "landmarks" and found[part]:
            found[part]["µAP"] = micro_average_precision(*_predictions(ranking, truth, chosen))
        if not found[part]:
            named = f" of part {part}" if part else ""
            raise InputError(
                f"none of the {int(chosen.sum()):,} queries{named} has anything to find: no score can be told"
            )
    return found


def mean_ap(scores: Mapping[str, float]) -> float:
    """The mean of every mAP among ``scores``, of the tasks of revisited sets too: one number, to compare by."""
    return float(np.mean([value for name, value in scores.items() if "mAP" in name]))


def of_queries(ranking: Ranking, truth: Truth) -> dict[str, np.ndarray]:
    """{name: (Q,)} what ``scores`` takes the means of: the value of each query, NaN where it has nothing to find."""
    if len(truth) != ranking.shape[0]:
        raise ValueError(f"the truth of {len(truth)} queries, and rankings of {ranking.shape[0]}")
    if not len(truth):
        raise InputError("nothing asks: there are no queries to be scored; name a set that has some")
    grades = {"easy": truth.easy, "hard": truth.hard, "junk": truth.junk}
    cuts = [np.cumsum([len(rows) for rows in each[:-1]]) for each in zip(*grades.values(), strict=True)]
    places = ranking.ranks([np.concatenate(each) for each in zip(*grades.values(), strict=True)])
    parted = [np.split(rows, cut) for rows, cut in zip(places, cuts, strict=True)]
    at = {name: [each[column] for each in parted] for column, name in enumerate(grades)}

    def found(task: tuple[tuple[str, ...], tuple[str, ...]]) -> Found:
        right, junk = (
            [np.concatenate(each) for each in zip(*(at[name] for name in names), strict=True)] for names in task
        )
        return without_junk(right, junk)

    if truth.protocol == "revisited":
        return {name: value for task in _TASKS for name, value in _task(task, found(_TASKS[task])).items()}
    every = found(_ALL)
    if truth.protocol == "landmarks":
        return {f"mAP@{_TOP}": at_hits(every, _TOP)}
    if truth.protocol == "instances":
        return {"mAP": at_hits(every), "recall@1": precision_at(every, 1)}
    return {"mAP": trapezoids(every)}


def trapezoids(found: Found) -> np.ndarray:
    """(Q,) average precision as the area under precision over recall, by trapezoids; NaN where nothing is right.

    Each hit goes a step of recall on, from the precision just before it, 1 at the first place, to that at it.
    """
    hits, places = found.hits, found.places
    before = np.divide(hits, places, out=np.ones(len(places)), where=places > 0)
    return _share(found.summed((before + (hits + 1) / (places + 1)) / 2), found.counts)


def at_hits(found: Found, most: int | None = None) -> np.ndarray:
    """(Q,) average precision as the mean of the precisions at hits; NaN where nothing is right.

    most : hits from this place on do not count, and no more than so many are expected; None for all
    """
    precision = (found.hits + 1) / (found.places + 1)
    if most is None:
        return _share(found.summed(precision), found.counts)
    return _share(found.summed(precision * (found.places < most)), np.minimum(found.counts, most))


def precision_at(found: Found, k: int) -> np.ndarray:
    """(Q,) precision among the first min(k, place of the last right one); NaN where nothing is right."""
    last = np.zeros(len(found.counts), np.int64)
    np.maximum.at(last, found.asks, found.places + 1)
    among = np.minimum(k, last)
    return _share(found.summed(found.places < among[found.asks]), among)


def micro_average_precision(confidence: np.ndarray, right: np.ndarray, answerable: int) -> float:
    """Precision at each right answer among all answers by falling confidence, over the queries that have an answer.

    confidence, right : (Q,), one answer of each query. Of equal confidences the earlier query comes first
    """
    hits = right[np.argsort(-confidence, kind="stable")]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float((precision * hits).sum() / answerable)


def without_junk(right: Sequence[np.ndarray], junk: Sequence[np.ndarray]) -> Found:
    """The places of what is ``right`` once ``junk`` is taken out; a place in each ranking from 0 on, in any order."""
    counts = np.array([len(rows) for rows in right], np.int64)
    asks = np.repeat(np.arange(len(right)), counts)
    places = np.concatenate([np.empty(0, np.int64), *right])
    order = np.lexsort((places, asks))
    places, asks = places[order], asks[order]
    thrown = np.concatenate([np.empty(0, np.int64), *junk])
    of = np.repeat(np.arange(len(junk)), [len(rows) for rows in junk])
    # A query's places are all below the step from one query to the next: a single ordered line of all of them.
    step = 1 + max(places.max(initial=0), thrown.max(initial=0))
    line = np.sort(of * step + thrown)
    before = np.searchsorted(line, asks * step + places) - np.searchsorted(line, asks * step)
    return Found(places - before, asks, counts)


def _task(task: str, found: Found) -> dict[str, np.ndarray]:
    precisions = {f"mP@{k} {task}": precision_at(found, k) for k in (1, 5, 10)}
    return {f"mAP {task}": trapezoids(found)} | precisions


def _means(values: dict[str, np.ndarray]) -> dict[str, float]:
    """The means over the queries that have something to find, and how many have not."""
    found, out = {}, {}
    for name, each in values.items():
        asked = ~np.isnan(each)
        if not asked.any():
            continue
        found[name] = float(each[asked].mean())
        if name.startswith("mAP") and not asked.all():
            out["queries left out" + name.removeprefix("mAP").removeprefix(f"@{_TOP}")] = float((~asked).sum())
    return found | out


def _predictions(ranking: Ranking, truth: Truth, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """For ``micro_average_precision`` of the ``chosen`` queries, which are answered by their first picture but junk."""
    rows = np.flatnonzero(chosen)
    neighbors, scores = ranking.first(1 + max(len(truth.junk[row]) for row in rows))
    confidence, right = np.empty(len(rows)), np.zeros(len(rows), bool)
    for place, row in enumerate(rows):
        free = ~np.isin(neighbors[row], truth.junk[row])
        first = int(free.argmax())
        confidence[place] = scores[row, first] if free.any() else -np.inf
        right[place] = free.any() and neighbors[row, first] in (*truth.easy[row], *truth.hard[row])
    answerable = sum(len(truth.easy[row]) + len(truth.hard[row]) > 0 for row in rows)
    return confidence, right, answerable


def _share(summed: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """(Q,) summed / counts, NaN where there is nothing to count."""
    return np.divide(summed, counts, out=np.full(len(counts), np.nan), where=counts > 0)
