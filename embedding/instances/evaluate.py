"""Evaluated: a network's vectors of a set, searched as a user would, scored as published, and shown."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from datasets.images.base import ImageSet
from datasets.images.pixels import Unreadable
from embedding.batches import decode
from embedding.evaluation import whiten
from embedding.evaluation.ranking import Ranking
from embedding.evaluation.whiten import Whitening
from embedding.instances import judged
from embedding.instances.judged import Judged, Scores
from embedding.reranking import matches_drawn
from embedding.reranking.methods import Step
from embedding.reranking.verify import Verified
from embedding.search.page import SIDE, Answer, Question
from embedding.search.verified import Pictures, Verifier

log = logging.getLogger(__name__)

_SHOWN, _ANSWERS = 6, 8  # queries of a part on the page, and answers of each
_DRAWN, _LEAST = 3, 6  # answers with their matches, where there are so many


@dataclass(frozen=True)
class Searching:
    """How queries are searched.

    whitening : of queries and gallery; None for none
    steps : re-ranking by vectors
    rerank : so many of the first are verified by the ``verifier``; 0 for none
    """

    whitening: Whitening | None
    steps: Sequence[Step]
    rerank: int
    verifier: Verifier


@dataclass(frozen=True, eq=False)
class Judgement:
    """What came out of a part of a set; ``verified`` are the first answers of its queries, where they were verified."""

    judged: Judged
    ranking: Ranking
    verified: Verified | None
    scores: Scores

    @property
    def title(self) -> str:
        """What was judged."""
        return ": ".join(filter(None, (self.judged.images.title, self.judged.part)))


def judge(images: ImageSet, vectors: np.ndarray, searching: Searching) -> list[Judgement]:
    """The parts of a set judged by ``vectors`` (N, D), unit rows, NaN for what cannot be read.

    Raises InputError as ``judged.parts``, and where the whitening was learned on what is judged, or on other vectors.
    """
    readable = ~np.isnan(vectors[:, 0])
    _tell(images, readable)
    return [_judge(part, vectors, searching) for part in judged.parts(images, readable)]


def _tell(images: ImageSet, readable: np.ndarray) -> None:
    """Say what takes no part."""
    for what, rows in (("queries", images.query), ("gallery images", images.gallery)):
        if lost := int((~readable[rows]).sum()):
            log.warning("%s: %d of %d %s cannot be read, and take no part", images.title, lost, len(rows), what)


def _judge(part: Judged, vectors: np.ndarray, searching: Searching) -> Judgement:
    if searching.whitening is not None:
        whiten.check_apart(searching.whitening, part.images)
    ranking = part.ranking(vectors, whitening=searching.whitening, steps=searching.steps)
    verified = _verified(part, ranking, searching) if searching.rerank else None
    if verified is not None:
        ranking = ranking.reordered(verified.neighbors, verified.scores)
    return Judgement(part, ranking, verified, part.scores(ranking))


def _verified(part: Judged, ranking: Ranking, searching: Searching) -> Verified:
    """The first answers in the order of their scores and geometry together."""
    images = part.images
    asking, answering = Pictures(images, images.query), Pictures(images, images.gallery)
    return searching.verifier(asking, answering, *ranking.cosines(searching.rerank))


def questions(judgement: Judgement, seed: int) -> Iterator[Question]:
    """Some queries of a part, drawn at random, with their first answers but junk, and what matches."""
    part = judgement.judged
    rows = np.sort(np.random.default_rng(seed).permutation(len(part.images.query))[:_SHOWN])
    most = max(len(part.truth.junk[row]) for row in rows)
    neighbors, scores = judgement.ranking.first(_ANSWERS + most)
    for row in rows:
        query = int(part.images.query[row])
        answers = _answers(judgement, row, neighbors[row], scores[row])
        yield Question(part.images.image_name(query), _read(part.images, query), answers)


def _answers(judgement: Judgement, row: int, neighbors: np.ndarray, scores: np.ndarray) -> list[Answer]:
    part, wanted = judgement.judged, judgement.judged.truth.wanted[row]
    junk = part.truth.junk[row]
    inliers = {} if judgement.verified is None else _inliers(judgement.verified, row)
    answers: list[Answer] = []
    for place, score in zip(neighbors.tolist(), scores.tolist(), strict=True):
        if place in junk or len(answers) == _ANSWERS:
            continue
        at = inliers.get(place)
        count = None if at is None else int(judgement.verified.inliers[row, at])
        drawn = _drawn(judgement, row, at) if (count or 0) >= _LEAST and len(answers) < _DRAWN else None
        name = part.images.image_name(int(part.images.gallery[place]))
        answers.append(Answer(name, score, count, drawn, bool(place in wanted)))
    return answers


def _inliers(verified: Verified, row: int) -> dict[int, int]:
    return {place: at for at, place in enumerate(verified.neighbors[row].tolist())}


def _drawn(judgement: Judgement, row: int, at: int) -> np.ndarray | None:
    """A query and its answer ``at`` side by side, with lines between what matches."""
    part, verified = judgement.judged, judgement.verified
    found = _read(part.images, int(part.images.gallery[verified.neighbors[row, at]]))
    asked = _read(part.images, int(part.images.query[row]))
    if found is None or asked is None:
        return None
    return matches_drawn.side_by_side(asked, found, verified.matches[row][at])


def _read(images: ImageSet, row: int) -> np.ndarray | None:
    """Picture ``row`` as it asks or answers, no larger than a page shows it."""
    try:
        return decode.fit(decode.read(images, row), SIDE, resize=decode.OWN)
    except Unreadable:
        return None
