"""Answer: the pictures of a gallery that answer a question."""

import time

import numpy as np

from datasets.errors import InputError
from web.galleries import served
from web.galleries.models import Gallery
from web.search.question import Answer, Hit, Question
from web.serving.snapshot import Snapshot


def answer(gallery: Gallery, question: Question, *, first: int = 0, count: int = 60) -> Answer:
    """``count`` pictures from the ``first`` on; raises InputError for what cannot be asked of this gallery."""
    its, start = served.of_gallery(gallery), time.perf_counter()
    vector = _vector(its.snapshot, question)
    embedded = time.perf_counter()
    ids, scores = its.snapshot.search(vector[None], min(first + count, len(its.snapshot)))
    hits = [Hit(int(one), float(score)) for one, score in zip(ids[0, first:], scores[0, first:], strict=True)]
    took = {"embed": embedded - start, "search": time.perf_counter() - embedded}
    return Answer(tuple(hits), exact=True, passing=len(its.snapshot), seconds=took)


def _vector(snapshot: Snapshot, question: Question) -> np.ndarray:
    """The unit vector (D,) of pictures of the gallery."""
    total = np.zeros(snapshot.vectors.shape[1], np.float32)
    for part in question.parts:
        if part.kind != "picture" or (row := int(snapshot.rows(np.array([part.value]))[0])) < 0:
            raise InputError(f"{part.kind} {part.value}: is not in this gallery")
        total += part.sign * snapshot.vectors[row]
    return total / max(float(np.linalg.norm(total)), 1e-30)
