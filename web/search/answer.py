"""Answer: the pictures of a gallery that answer a question."""

import time

import numpy as np

from datasets.errors import InputError
from web.galleries import served
from web.galleries.models import Gallery
from web.galleries.served import Served
from web.search import asking, passing, reranked
from web.search.question import Answer, Hit, Question
from web.search.reranked import Order

MOST = 10_000  # pictures that one question finds
_AT_ONCE = 1000  # of them


def answer(gallery: Gallery, question: Question, *, first: int = 0, count: int = 60) -> Answer:
    """``count`` pictures from the ``first`` on; raises InputError for what cannot be asked of this gallery.

    A question without parts has the pictures that pass, in the order of their numbers, each with a score of 0.
    """
    if not 0 <= first < MOST or not 1 <= count <= _AT_ONCE:
        raise InputError(f"first={first}, count={count}: from 0 to {MOST - 1:,}, and from 1 to {_AT_ONCE:,} at once")
    order = reranked.parsed(question.rerank)
    its, start = served.of_gallery(gallery), time.perf_counter()
    passes = passing.rows(gallery, its.snapshot, question.filter)
    many = len(its.snapshot) if passes is None else int(passes.sum())
    took = {"filter": time.perf_counter() - start}
    if question.parts:
        hits = _ranked(its, gallery, question, order, passes, (first, min(first + count, many, MOST)), took)
    else:
        ids = its.snapshot.ids if passes is None else its.snapshot.ids[passes]
        hits = [Hit(int(one), 0.0) for one in ids[first : first + count]]
    return Answer(tuple(hits), exact=True, passing=many, seconds=took)


def _ranked(
    its: Served,
    gallery: Gallery,
    question: Question,
    order: Order,
    passes: np.ndarray | None,
    places: tuple[int, int],
    took: dict[str, float],
) -> list[Hit]:
    """Those in ``places``, from the first to before the last; ``took`` learns how long each step was at it."""
    reranked.check(gallery, question, order)
    start = time.perf_counter()
    asks = asking.vector(its, gallery, question)
    took["embed"], start = time.perf_counter() - start, time.perf_counter()
    first, last = places
    anew = order.deep if first < order.deep else 0
    found = _found(its, asks, passes, max(last, anew))
    took["search"], start = time.perf_counter() - start, time.perf_counter()
    if anew:
        found = [*reranked.hits(its, gallery, question, order, asks, found[:anew]), *found[anew:]]
        took["rerank"] = time.perf_counter() - start
    return found[first:last]


def _found(its: Served, asks: np.ndarray, passes: np.ndarray | None, k: int) -> list[Hit]:
    """The first ``k``, or all that pass."""
    k = min(k, len(its.snapshot) if passes is None else int(passes.sum()))
    if not k:
        return []
    ids, scores = its.snapshot.search(asks[None], k, passes)
    return [Hit(int(one), float(score)) for one, score in zip(ids[0], scores[0], strict=True) if one >= 0]
