"""Made runbooks: by name and parameters, for a set of any size, where nobody has written one.

    window:0.5,steps=20              half of the rows are there; in each round the oldest go and as many new ones come
    growing:0.2,steps=20             a fifth is there, then come the others, round by round; none goes
    expiry:0.3,steps=20,begin=0.3    rows come, and each part of them goes after a while of its own, on average 0.3 of
                                     the whole time; in an order of chance
    drift:0.5,classes=20             classes come and go: half of them are there, in each round one goes and another
                                     comes; by the labels of the set, or the clusters that k-means finds in it

The first value may be given without its name. After the first rows, and at the end of each round, all queries are
asked. Expiry is as the runbooks of big-ann-benchmarks have it, except that each part's life is drawn.
"""

from collections.abc import Callable, Iterator

import faiss
import numpy as np

from datasets.errors import InputError, suggestion
from datasets.runbooks.runbook import DELETE, INSERT, SEARCH, Runbook, Step
from datasets.vectors import exact
from datasets.vectors import rows as vector_rows
from datasets.vectors.base import VectorSet

_SHARES = ("alive", "begin", "life")  # parameters that are shares; the others are whole numbers
_PARTS = 4  # of the rows that come in a round of expiry, each with a life of its own
_SEEN = 20_000  # rows that k-means looks at
_TURNS = 10

Ranges = Iterator[Step]


def make(text: str, vector_set: VectorSet, *, seed: int) -> Runbook:
    """The runbook that ``"window:0.5,steps=20"`` names, for the set; the same for the same seed.

    Raises InputError, which names --runbook, for another name, and values that make no sense for so many rows.
    """
    name, _, words = text.partition(":")
    where = f"--runbook={text}"
    if name not in NAMES:
        known = ", ".join(NAMES)
        raise InputError(f"{where}: neither a file nor a made one; {suggestion(name, NAMES)}made ones are {known}")
    chosen = _settings(NAMES[name][1], words, where)
    count = len(vector_set.gallery)
    rounds = chosen.get("steps", chosen.get("classes", 0))
    if count < 10 * rounds:
        raise InputError(f"{where}: {vector_set.name} has {count:,} rows, too few for {rounds} rounds of 10 or more")
    steps, order = NAMES[name][0](vector_set, seed, **chosen)
    told = ",".join(
        f"{value:g}" if not place else f"{word}={value:g}" for place, (word, value) in enumerate(chosen.items())
    )
    return Runbook(f"{name}:{told}", tuple(steps), where, order=order)


def _settings(defaults: dict[str, float], words: str, where: str) -> dict[str, float]:
    """Parameter -> value; the first one may stand without its name. Shares lie between 0 and 1, counts are whole."""
    chosen = dict(defaults)
    for place, part in enumerate(filter(None, words.replace(" ", "").split(","))):
        name, equals, value = part.partition("=") if "=" in part or place else (next(iter(defaults)), "=", part)
        if name not in defaults or not equals:
            raise InputError(f"{where}: {suggestion(name, defaults)}it takes {', '.join(f'{n}=' for n in defaults)}")
        try:
            chosen[name] = (float if name in _SHARES else int)(value)
        except ValueError:
            raise InputError(
                f"{where}: {name}={value}: is no {'number' if name in _SHARES else 'whole number'}"
            ) from None
        if name in _SHARES and not 0 < chosen[name] < 1:
            raise InputError(f"{where}: {name}={value}: must be a share of the rows between 0 and 1")
        if name not in _SHARES and chosen[name] < 2:
            raise InputError(f"{where}: {name}={value}: must be at least 2")
    return chosen


def _window(vector_set: VectorSet, seed: int, *, alive: float, steps: int) -> tuple[Ranges, None]:
    count = len(vector_set.gallery)
    ends = _ends(round(alive * count), count, steps)

    def each() -> Ranges:
        yield from (Step(INSERT, 0, ends[0]), Step(SEARCH))
        for low, high in zip(ends, ends[1:], strict=False):
            yield from (Step(INSERT, low, high), Step(DELETE, low - ends[0], high - ends[0]), Step(SEARCH))

    return each(), None


def _growing(vector_set: VectorSet, seed: int, *, begin: float, steps: int) -> tuple[Ranges, None]:
    count = len(vector_set.gallery)
    ends = _ends(round(begin * count), count, steps)

    def each() -> Ranges:
        yield from (Step(INSERT, 0, ends[0]), Step(SEARCH))
        for low, high in zip(ends, ends[1:], strict=False):
            yield from (Step(INSERT, low, high), Step(SEARCH))

    return each(), None


def _expiry(vector_set: VectorSet, seed: int, *, life: float, steps: int, begin: float) -> tuple[Ranges, np.ndarray]:
    rng = np.random.default_rng(seed)
    count = len(vector_set.gallery)
    ends = [0, *_ends(round(begin * count), count, steps)]
    due: list[list[Step]] = [[] for _ in ends]  # what goes in each round

    def each() -> Ranges:
        for place, (low, high) in enumerate(zip(ends, ends[1:], strict=False)):
            yield Step(INSERT, low, high)
            parts = _ends(low, high, _PARTS if place else 4 * _PARTS)
            for first, last in zip(parts, parts[1:], strict=False):
                goes = place + 1 + int(rng.exponential(life * steps))
                if goes < len(due) - 1 and first < last:
                    due[goes].append(Step(DELETE, first, last))
            yield from (*due[place], Step(SEARCH))

    return each(), rng.permutation(count)


def _drift(vector_set: VectorSet, seed: int, *, alive: float, classes: int) -> tuple[Ranges, np.ndarray]:
    found = _classes(vector_set, classes, seed)
    order = np.argsort(found, kind="stable")
    bounds = np.searchsorted(found[order], np.arange(found.max() + 2))
    there = min(max(1, round(alive * (len(bounds) - 1))), len(bounds) - 2)

    def each() -> Ranges:
        yield from (Step(INSERT, 0, int(bounds[there])), Step(SEARCH))
        for comes in range(there, len(bounds) - 1):
            goes = comes - there
            yield Step(INSERT, int(bounds[comes]), int(bounds[comes + 1]))
            yield Step(DELETE, int(bounds[goes]), int(bounds[goes + 1]))
            yield Step(SEARCH)

    return each(), order


def _classes(vector_set: VectorSet, classes: int, seed: int) -> np.ndarray:
    """(G,) a class of each row, from 0 and none without rows, in an order of chance: many labels share a class."""
    labels = vector_set.gallery_labels
    if labels is None or labels.ndim > 1:
        labels = _clusters(vector_set, classes, seed)
    _, labels = np.unique(labels, return_inverse=True)
    if labels.max() < 2:
        raise InputError(
            "--runbook=drift: the rows fall into fewer than 3 classes; window, expiry or growing need none"
        )
    place = np.random.default_rng(seed).permutation(labels.max() + 1)
    _, found = np.unique(place[labels] * min(classes, len(place)) // len(place), return_inverse=True)
    return found


def _clusters(vector_set: VectorSet, classes: int, seed: int) -> np.ndarray:
    """(G,) the nearest of so many centres; of codes, which have no mean, the nearest of as many rows of chance."""
    gallery, metric = vector_set.gallery, vector_set.metric
    sample = vector_rows.prepared(vector_rows.sample(gallery, _SEEN, seed), metric)
    if metric == "hamming":
        centres = vector_rows.sample(sample, classes, seed)
    else:
        means = faiss.Kmeans(sample.shape[1], classes, niter=_TURNS, seed=seed, min_points_per_centroid=1)
        means.train(sample)
        centres = means.centroids
    kind = "hamming" if metric == "hamming" else "euclidean"
    blocks = (exact.search(vector_rows.prepared(block, metric), centres, 1, metric=kind)[0]
              for _, block in vector_rows.blocks(gallery, 1 << 17))  # fmt: skip
    return np.concatenate(list(blocks))[:, 0]


def _ends(first: int, last: int, parts: int) -> list[int]:
    """``first`` and the ends of so many parts up to ``last``, about as long as each other."""
    return [first + (last - first) * part // parts for part in range(parts + 1)]


NAMES: dict[str, tuple[Callable[..., tuple[Ranges, np.ndarray | None]], dict[str, float]]] = {
    "window": (_window, {"alive": 0.5, "steps": 20}),
    "growing": (_growing, {"begin": 0.2, "steps": 20}),
    "expiry": (_expiry, {"life": 0.3, "steps": 20, "begin": 0.3}),
    "drift": (_drift, {"alive": 0.5, "classes": 20}),
}
