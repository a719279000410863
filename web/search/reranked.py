"""Re-ranked: the first answers in a new order, by the vectors of all of them, or by local features that match."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.pixels import Unreadable
from datasets.images.skipped import Skipped
from embedding.batches import asking as seen
from embedding.reranking import kept_features, local_features, methods, verify
from embedding.reranking.local_features import Features, Sift
from embedding.reranking.methods import Step
from embedding.reranking.verify import Verification
from web.galleries.models import Gallery
from web.galleries.served import Served
from web.galleries.sources import opened
from web.search import asking
from web.search.question import Hit, Question

FIRST = 1000  # answers that a re-ranking by vectors puts in a new order
COMPARED = 100  # pictures whose local features are compared
_MOST_COMPARED = 500
_GEOMETRY = re.compile(r"geometry(?:=(.*))?")
_SIFT = Sift()


@dataclass(frozen=True)
class Order:
    """How answers are re-ranked.

    steps : by vectors, one after another
    compared : of how many local features are compared then, 0 for none; how : and how they count
    """

    steps: tuple[Step, ...] = ()
    compared: int = 0
    how: Verification = verify.DEFAULT

    @property
    def deep(self) -> int:
        """How many of the first answers may change their places."""
        return FIRST if self.steps else self.compared


@cache
def parsed(text: str) -> Order:
    """The order of "alpha-qe=10:3, geometry=100:4:0.3": methods as of --expand, last geometry as of --rerank.

    Raises InputError where it is none.
    """
    *before, last = text.split(",")
    if any(_GEOMETRY.fullmatch(part.strip()) for part in before):
        raise InputError(f"rerank={text}: geometry compares what the others have found; name it last")
    found = _GEOMETRY.fullmatch(last.strip())
    if not found:
        return Order(tuple(methods.parse(text, "rerank", besides=["geometry"])))
    compared, how = verify.parsed(found[1] or str(COMPARED), "rerank=geometry")
    if compared > _MOST_COMPARED:
        raise InputError(f"rerank={text}: compares {compared} pictures; {_MOST_COMPARED} at most")
    steps = methods.parse(",".join(before), "rerank", besides=["geometry"])
    return Order(tuple(steps), compared, how)


def check(gallery: Gallery, question: Question, order: Order) -> None:
    """Raises InputError where the gallery has no geometry that is asked for, or no picture asks."""
    if order.compared and not gallery.geometry:
        raise InputError(
            f"rerank={question.rerank}: {gallery} compares no local features; whoever manages it may let it"
        )
    if order.compared and not _asking(question):
        raise InputError(
            f"rerank={question.rerank}: compares pictures, and none is asked with; add one, or leave it out"
        )


def hits(
    its: Served, gallery: Gallery, question: Question, order: Order, asks: np.ndarray, found: Sequence[Hit]
) -> list[Hit]:
    """``found``, the first answers to the vector ``asks`` (D,), anew.

    A score is that of the last step; after geometry the cosine and what the matches weigh.
    """
    if order.steps and found:
        found = _by_vectors(its, question, order, asks, found)
    if order.compared and found:
        found = [*_compared(gallery, question, order, found[: order.compared]), *found[order.compared :]]
    return list(found)


def _by_vectors(its: Served, question: Question, order: Order, asks: np.ndarray, found: Sequence[Hit]) -> list[Hit]:
    """As if they were all of the gallery: so that its size does not matter, and what is first goes on being found."""
    numbers = np.array([hit.picture for hit in found])
    vectors = its.snapshot.unit_rows(its.snapshot.rows(numbers))
    own = [part.value for part in question.parts if part.kind == "picture"]
    exclude = [np.flatnonzero(np.isin(numbers, np.array(own, np.int64)))]
    ranking = methods.apply(order.steps, asks[None], vectors, exclude=exclude)
    places, scores = ranking.cosines(len(found)) if order.compared else ranking.first(len(found))
    return [Hit(int(numbers[place]), float(score)) for place, score in zip(places[0], scores[0], strict=True)]


def _compared(gallery: Gallery, question: Question, order: Order, found: Sequence[Hit]) -> list[Hit]:
    """The same, where each picture is compared with the one that asks, the first of the question with plus."""
    part = _asking(question)[0]
    side = (_SIFT.side, _SIFT.side)
    try:
        picture = seen.fitted(asking.picture_bytes(gallery, part), "the picture", side, resize="own", part=part.crop)
    except Unreadable as error:
        raise asking.cannot_ask(part, error) from None
    scores = np.array([[hit.score for hit in found]], np.float32)
    places = np.arange(len(found))[None]
    query = [local_features.find(picture, _SIFT)]
    new = verify.verify(places, scores, query, _features(gallery, found), order.how)
    return [
        Hit(found[place].picture, float(score), int(inliers))
        for place, score, inliers in zip(new.neighbors[0], new.scores[0], new.inliers[0], strict=True)
    ]


def _features(gallery: Gallery, found: Sequence[Hit]) -> Sequence[Features]:
    """The local features of what was found, looked for once and kept; none of what cannot be read."""
    paths = dict(gallery.pictures.filter(pk__in=[hit.picture for hit in found]).values_list("pk", "path"))
    source = opened.finder(gallery.source)
    rows = np.arange(len(found))
    places = [_place(source, paths.get(hit.picture, "")) for hit in found]
    images = ImageSet("found", places, np.zeros(len(found), np.int64), ("image",), rows[:0], rows, rows)
    skipped = Skipped(len(found) + 1, max_bad=1)
    return kept_features.kept(images, rows, folder=gallery.folder / "features", how=_SIFT, skipped=skipped)


def _place(source: opened.Source, path: str) -> str:
    try:
        return source.place(path)
    except Unreadable:
        return ""


def _asking(question: Question) -> list:
    """The pictures that ask with plus."""
    return [part for part in question.parts if part.kind in ("picture", "upload") and part.sign > 0]
