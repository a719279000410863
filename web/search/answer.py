"""Answer: the pictures of a gallery that answer a question."""

import time
from dataclasses import dataclass, field

import numpy as np

from datasets.errors import InputError
from web.galleries import served
from web.galleries.models import Gallery
from web.galleries.served import Served
from web.search import asking, passing, reranked
from web.search.question import Answer, Hit, Question

MOST = 10_000  # pictures that one question finds
_AT_ONCE = 1000  # of them


def answer(
    gallery: Gallery, question: Question, *, first: int = 0, count: int = 60, its: Served | None = None
) -> Answer:
    """``count`` pictures from the ``first`` on; raises InputError for what cannot be asked of this gallery.

    A question without parts has the pictures that pass, in the order of their numbers, each with a score of 0.
    its : what answers, where a part was made by it; what answers for the gallery now if not given
    """
    if not 0 <= first < MOST or not 1 <= count <= _AT_ONCE:
        raise InputError(f"first={first}, count={count}: from 0 to {MOST - 1:,}, and from 1 to {_AT_ONCE:,} at once")
    search, last = _Search(gallery, question, its or served.of_gallery(gallery)), min(first + count, MOST)
    hits = search.ranked(first, last) if question.parts else search.listed(first, last)
    return Answer(tuple(hits), search.exact, search.passing, search.seconds)


@dataclass
class _Search:
    """A question on its way through a gallery.

    seconds, exact : as of the answer
    """

    gallery: Gallery
    question: Question
    its: Served
    seconds: dict[str, float] = field(default_factory=dict)
    exact: bool = True

    def __post_init__(self) -> None:
        self._clock = time.perf_counter()
        self._order = reranked.parsed(self.question.rerank)
        self._passes = passing.rows(self.gallery, self.its.snapshot, self.question.filter)
        self.passing = len(self.its.snapshot) if self._passes is None else int(np.count_nonzero(self._passes))
        self._told("filter")

    def listed(self, first: int, last: int) -> list[Hit]:
        """Of all that pass those from place ``first`` to before ``last``."""
        ids = self.its.snapshot.ids if self._passes is None else self.its.snapshot.ids[self._passes]
        return [Hit(int(one), 0.0) for one in ids[first:last]]

    def ranked(self, first: int, last: int) -> list[Hit]:
        """The same of the best answers."""
        reranked.check(self.gallery, self.question, self._order)
        asks = asking.vector(self.its, self.gallery, self.question)
        self._told("embed")
        anew = self._order.deep if first < self._order.deep else 0
        found = self._found(asks, min(max(last, anew), self.passing))
        self._told("search")
        if anew:
            ahead = reranked.hits(self.its, self.gallery, self.question, self._order, asks, found[:anew])
            found = [*ahead, *found[anew:]]
            self._told("rerank")
        return found[first:last]

    def _found(self, asks: np.ndarray, k: int) -> list[Hit]:
        """The first ``k``; only sentences can be asked by an order."""
        if not k:
            return []
        sentences = all(part.kind == "sentence" for part in self.question.parts)
        similarity = self.its.network.facts.similarity if sentences else "cosine"
        ids, scores = self.its.snapshot.search(asks[None], k, self._passes, similarity=similarity)
        among = None if self._passes is None else self.passing
        self.exact = self.its.snapshot.compares_all(k, among, similarity=similarity)
        return [Hit(int(one), float(score)) for one, score in zip(ids[0], scores[0], strict=True) if one >= 0]

    def _told(self, step: str) -> None:
        """A step is done."""
        now = time.perf_counter()
        self.seconds[step], self._clock = now - self._clock, now
