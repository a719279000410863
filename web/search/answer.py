"""Answer: the pictures of a gallery that answer a question."""

import time

import numpy as np

from datasets.errors import InputError
from web.galleries import served
from web.galleries.models import Gallery
from web.galleries.served import Served
from web.search import asking, passing
from web.search.question import Answer, Hit, Question

MOST = 10_000  # pictures that one question finds
_AT_ONCE = 1000  # of them


def answer(gallery: Gallery, question: Question, *, first: int = 0, count: int = 60) -> Answer:
    """``count`` pictures from the ``first`` on; raises InputError for what cannot be asked of this gallery.

    A question without parts has the pictures that pass, in the order of their numbers, each with a score of 0.
    """
    if not 0 <= first < MOST or not 1 <= count <= _AT_ONCE:
        raise InputError(f"first={first}, count={count}: from 0 to {MOST - 1:,}, and from 1 to {_AT_ONCE:,} at once")
    if question.rerank:
        raise InputError(f"rerank={question.rerank}: answers cannot be re-ranked yet; leave it out")
    its, start = served.of_gallery(gallery), time.perf_counter()
    passes = passing.rows(gallery, its.snapshot, question.filter)
    many = len(its.snapshot) if passes is None else int(passes.sum())
    filtered = time.perf_counter()
    if not question.parts:
        ids = its.snapshot.ids if passes is None else its.snapshot.ids[passes]
        return Answer(tuple(Hit(int(one), 0.0) for one in ids[first : first + count]), True, many, {})
    asks = asking.vector(its, gallery, question)
    embedded = time.perf_counter()
    hits = _found(its, asks, passes, min(first + count, many, MOST))[first:]
    took = {"filter": filtered - start, "embed": embedded - filtered, "search": time.perf_counter() - embedded}
    return Answer(hits, exact=True, passing=many, seconds=took)


def _found(its: Served, asks: np.ndarray, passes: np.ndarray | None, k: int) -> tuple[Hit, ...]:
    """The first ``k``."""
    if not k:
        return ()
    ids, scores = its.snapshot.search(asks[None], k, passes)
    return tuple(Hit(int(one), float(score)) for one, score in zip(ids[0], scores[0], strict=True) if one >= 0)
