"""Re-ranking by vectors as text: "dba=10, alpha-qe=10:3, diffusion=50" names methods, in order, with their settings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import numpy as np

from datasets.errors import InputError, unknown
from embedding.evaluation.ranking import Ranking
from embedding.reranking import database_augmentation, diffusion, graph, k_reciprocal, query_expansion
from embedding.reranking.graph import Excluded


class State(NamedTuple):
    """What one method hands to the next: unit rows (Q, D) and (G, D), and the ranking where one is made already."""

    queries: np.ndarray
    gallery: np.ndarray
    exclude: Excluded | None
    ranking: Ranking | None = None

    def ranked(self) -> Ranking:
        """The ranking, by the vectors where no method has made one."""
        return self.ranking or Ranking.of_vectors(self.queries, self.gallery)


class Setting(NamedTuple):
    """A number that a method takes: a whole one where the default is one."""

    name: str
    default: float
    low: float
    high: float = np.inf

    def read(self, text: str) -> float:
        """Raises ValueError where it is none, or out of range."""
        value = type(self.default)(text)
        if not self.low <= value <= self.high:
            raise ValueError
        return value

    def __str__(self) -> str:
        kind = "a whole number" if isinstance(self.default, int) else "a number"
        return f"{self.name} is {kind} " + (
            f"of at least {self.low:g}" if self.high == np.inf else f"from {self.low:g} to {self.high:g}"
        )


@dataclass(frozen=True)
class Method:
    """What is done, in words, its settings in the order of the text, and the function that takes them by name."""

    does: str
    settings: tuple[Setting, ...]
    work: Callable[..., State]
    ranks: bool = False  # makes a ranking, after which vectors are changed no more

    @property
    def form(self) -> str:
        """count:alpha, as in the text."""
        return ":".join(setting.name for setting in self.settings)


@dataclass(frozen=True)
class Step:
    """A method and its settings, all of them."""

    name: str
    settings: dict[str, float]

    def __str__(self) -> str:
        return f"{self.name}=" + ":".join(f"{value:g}" for value in self.settings.values())


def _expand(state: State, **settings: float) -> State:
    expanded = query_expansion.expand(state.queries, state.gallery, **settings, exclude=state.exclude)
    return state._replace(queries=expanded)


def _augment(state: State, **settings: float) -> State:
    return state._replace(gallery=database_augmentation.augment(state.gallery, **settings))


def _diffuse(state: State, *, first: int, **settings: float) -> State:
    if first:
        return _anew(state, first, diffusion.diffuse_first, **settings)
    scores = diffusion.diffuse(state.queries, state.gallery, **settings, exclude=state.exclude)
    return state._replace(ranking=Ranking.of_scores(scores))


def _reciprocal(state: State, *, first: int, **settings: float) -> State:
    return _anew(state, first, lambda *given, **more: -k_reciprocal.k_reciprocal(*given, **more), **settings)


def _anew(state: State, first: int, score: Callable[..., np.ndarray], **settings: float) -> State:
    """The first of the ranking in the order of their scores (Q, first), the highest first."""
    ranking = state.ranked()
    neighbors, _ = ranking.first(first)
    scores = score(state.queries, state.gallery, neighbors, **settings, exclude=state.exclude)
    order = np.argsort(-scores, axis=1, kind="stable")
    return state._replace(ranking=ranking.reordered(np.take_along_axis(neighbors, order, axis=1)))


def _by_place(state: State, neighbors: np.ndarray) -> np.ndarray:
    """(Q, k) the cosines of the k nearest by place; what is excluded takes no place, and has that of the next."""
    _, best = graph.nearest(state.queries, state.gallery, neighbors.shape[1], exclude=state.exclude)
    counts = np.ones(neighbors.shape, np.int64)
    if state.exclude is not None:
        counts -= graph.among(neighbors, state.exclude, len(state.gallery))
    places = np.cumsum(counts, axis=1) - counts
    return np.take_along_axis(best, np.minimum(places, best.shape[1] - 1), axis=1)


_COUNT = Setting("count", 10, 1)
METHODS = {
    "aqe": Method("the query and its first, averaged, ask again", (_COUNT,), _expand),
    "alpha-qe": Method(
        "the same, weighed by similarity to a power",
        (Setting("count", 50, 1), Setting("alpha", 3.0, 0, 100)),
        _expand,
    ),
    "dba": Method("rows of the gallery are averaged with their nearest, weighed by rank", (_COUNT,), _augment),
    "diffusion": Method(
        "similarity spreads over the graph of the gallery's k nearest",
        (
            Setting("k", 50, 1),
            Setting("query_k", 10, 1),
            Setting("gamma", 3.0, 0, 100),
            Setting("alpha", 0.99, 0, 0.9999),
            Setting("first", 0, 0),  # 0 for all of the gallery
        ),
        _diffuse,
        ranks=True,
    ),
    "k-reciprocal": Method(
        "the first are ordered by the neighbors that they share with the query",
        (
            Setting("k1", 20, 1),
            Setting("k2", 6, 1),
            Setting("weight", 0.3, 0, 1),
            Setting("first", k_reciprocal.FIRST, 1),
        ),
        _reciprocal,
        ranks=True,
    ),
}


def parse(text: str, flag: str, *, besides: Sequence[str] = ()) -> list[Step]:
    """The steps of "dba=10, diffusion=50:10": methods by name, settings after = and between colons, first ones first.

    A setting that is left out is as published. "" and none are no step. Raises InputError naming the flag.

    besides : what the caller understands too, to be named with the methods where one is not known
    """
    named = "" if text.strip() == "none" else text
    steps = [_step(part.strip(), f"{flag}={text}", besides) for part in named.split(",") if part.strip()]
    for before, after in zip(steps, steps[1:], strict=False):
        if METHODS[before.name].ranks and not METHODS[after.name].ranks:
            raise InputError(
                f"{flag}={text}: {after.name} changes vectors, which {before.name} has ranked already; name it first"
            )
    return steps


def _step(text: str, given: str, besides: Sequence[str]) -> Step:
    name, equals, values = (part.strip() for part in text.partition("="))
    if name not in METHODS:
        raise InputError(f"{given}: {unknown('re-ranking', name, [*METHODS, *besides])}")
    method = METHODS[name]
    words = [word.strip() for word in values.split(":")] if equals else []
    if len(words) > len(method.settings):
        raise InputError(f"{given}: {name} takes {name}={method.form}, not {len(words)} settings")
    settings = {setting.name: setting.default for setting in method.settings}
    for setting, word in zip(method.settings, words, strict=False):
        try:
            settings[setting.name] = setting.read(word)
        except ValueError:
            raise InputError(f"{given}: in {text}, as {name}={method.form}, {setting}, not '{word}'") from None
    return Step(name, settings)


def apply(
    steps: Sequence[Step], queries: np.ndarray, gallery: np.ndarray, *, exclude: Excluded | None = None
) -> Ranking:
    """The ranking of the gallery (G, D) by the queries (Q, D), both float32 unit rows, after all ``steps``.

    exclude : for each query the gallery rows that must have no say in what it finds: itself and other crops of its
        picture, not junk that only a judge knows. They keep a place in the ranking
    """
    state = State(queries, gallery, exclude)
    for step in steps:
        state = METHODS[step.name].work(state, **step.settings)
    return state.ranked() if state.ranking is None else replace(state.ranking, by_place=partial(_by_place, state))
