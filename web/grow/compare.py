"""Compare: the same pictures asked in two snapshots of a gallery, scored where their classes are known."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from embedding.evaluation import metrics
from web.grow.training.labels import Labelled
from web.serving.snapshot import Snapshot

KS = (1, 5, 10)
DEPTH = 100  # answers that are looked at
QUERIES = 2_000  # that ask at most: beyond, the scores move by less than they are worth
_AT_ONCE = 256
_SHOWN, _CHANGED = 6, 12  # answers of a query, and queries, on the page


@dataclass(frozen=True)
class Change:
    """A query, by its picture, whose first answers changed: (picture, whether right) of each, and its precision.

    right is None, and so is the precision before and after, where nobody knows the class
    """

    query: int
    before: list[tuple[int, bool | None]]
    after: list[tuple[int, bool | None]]
    precision: tuple[float, float] | None


@dataclass(frozen=True)
class Compared:
    """scores : [(name, before, after)]; changed : those that changed most first."""

    queries: int
    among: int
    scores: list[tuple[str, float, float]]
    changed: list[Change]

    def plain(self) -> dict[str, object]:
        """The same as JSON has it."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class _Answers:
    """ids (Q, k) int64, -1 for none; hits (Q, k) bool."""

    ids: np.ndarray
    hits: np.ndarray


def compared(before: Snapshot, after: Snapshot, asking: np.ndarray, labels: Labelled, *, seed: int = 0) -> Compared:
    """What two snapshots answer to the pictures ``asking``, (Q,) int64, that are in both.

    With labels the queries are searched among the labelled pictures, as nobody knows whether another is right; without
    any (``labels`` is empty) among all, and there are no scores. No picture finds itself.
    """
    queries = _sample(np.intersect1d(asking, np.intersect1d(before.ids, after.ids)), seed)
    among = np.intersect1d(labels.ids, np.intersect1d(before.ids, after.ids)) if len(labels.ids) else None
    count = len(before) if among is None else len(among)
    if not len(queries):
        return Compared(0, count, [], [])
    answers = [_answers(each, queries, among, labels) for each in (before, after)]
    if among is None:
        return Compared(len(queries), count, [], _changes(queries, answers, None))
    own = labels.take(np.isin(labels.ids, among))
    relevant = np.bincount(own.labels, minlength=len(own.names))[labels.of(queries)] - 1
    values = [_values(each.hits, relevant) for each in answers]
    names = [*(f"recall@{k}" for k in KS), f"mAP@{DEPTH}"]
    means = [metrics.mean(each, relevant) for each in values]
    scores = [(name, float(one), float(other)) for name, one, other in zip(names, *means, strict=True)]
    precision = np.stack([each[:, -1] for each in values], axis=1)
    return Compared(int((relevant > 0).sum()), count, scores, _changes(queries, answers, precision))


def _sample(ids: np.ndarray, seed: int) -> np.ndarray:
    if len(ids) <= QUERIES:
        return ids
    return np.sort(np.random.default_rng(seed).choice(ids, QUERIES, replace=False))


def _answers(snapshot: Snapshot, queries: np.ndarray, among: np.ndarray | None, labels: Labelled) -> _Answers:
    passing = None if among is None else np.isin(snapshot.ids, among)
    rows = snapshot.rows(queries)
    found = np.full((len(queries), DEPTH), -1, np.int64)
    for start in range(0, len(queries), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        vectors = snapshot.unit_rows(rows[part])
        ids, _ = snapshot.search(vectors, min(DEPTH + 1, len(snapshot)), passing)
        others = _without(ids, queries[part])
        found[part, : others.shape[1]] = others[:, :DEPTH]
    hits = (labels.of(found) == labels.of(queries)[:, None]) & (found >= 0) & (labels.of(found) >= 0)
    return _Answers(found, hits)


def _without(ids: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """The answers (n, k) of each query but itself, (n, k - 1); where it was not found, but the last."""
    drop = ids == queries[:, None]
    drop[~drop.any(axis=1), -1] = True
    return ids[~drop].reshape(len(ids), -1)


def _values(hits: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    """(Q, len(KS) + 1): recall@k of each k, and average precision."""
    return np.column_stack([metrics.recall_at_k(hits, KS), metrics.average_precision_at_k(hits, relevant, DEPTH)])


def _changes(queries: np.ndarray, answers: Sequence[_Answers], precision: np.ndarray | None) -> list[Change]:
    """Those whose first answers changed, most first: by their precision, half of them for the worse where so many are.

    Where there is no precision, those with the most other pictures among the first.
    """
    before, after = answers
    first = before.ids[:, :_SHOWN], after.ids[:, :_SHOWN]
    kept = np.array([len(np.intersect1d(one, other)) for one, other in zip(*first, strict=True)])
    gained = np.zeros(len(queries)) if precision is None else precision[:, 1] - precision[:, 0]
    order = np.lexsort((kept, -np.abs(gained)))
    order = order[(first[0] != first[1]).any(axis=1)[order]]
    better, worse = order[gained[order] >= 0], order[gained[order] < 0]
    few = min(len(worse), max(_CHANGED // 2, _CHANGED - len(better)))
    chosen = np.isin(order, np.concatenate([worse[:few], better[: _CHANGED - few]]))
    return [_change(row, queries, answers, precision) for row in order[chosen].tolist()]


def _change(row: int, queries: np.ndarray, answers: Sequence[_Answers], precision: np.ndarray | None) -> Change:
    before, after = (_shown(each, row, precision is not None) for each in answers)
    both = None if precision is None else (float(precision[row, 0]), float(precision[row, 1]))
    return Change(int(queries[row]), before, after, both)


def _shown(answers: _Answers, row: int, known: bool) -> list[tuple[int, bool | None]]:
    pairs = zip(answers.ids[row, :_SHOWN].tolist(), answers.hits[row, :_SHOWN].tolist(), strict=True)
    return [(number, right if known else None) for number, right in pairs if number >= 0]
