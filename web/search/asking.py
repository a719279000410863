"""Asking: the one vector that pictures and sentences make together, with plus and minus."""

import math

import numpy as np

from datasets.errors import InputError
from datasets.images.pixels import Unreadable
from web.galleries.models import Gallery
from web.galleries.served import Served
from web.galleries.sources import base, opened
from web.search import uploads
from web.search.question import Part, Question

# What the mean of the minus weighs beside that of the plus. Of photographs of 196 cars, with the first wrong answers
# as minus, between a third and a half found the most of the right ones; 1, which takes it all away, a third of them.
MINUS = 0.5


def vector(its: Served, gallery: Gallery, question: Question) -> np.ndarray:
    """The unit vector (D,) float32 of a question with at least one part.

    The mean of what is asked with plus less ``MINUS`` of the mean of what is asked with minus, all unit vectors:
    Rocchio, "Relevance feedback in information retrieval", 1971, with nothing else asked. Means, so that a minus
    counts the same beside one plus and beside ten. With minus alone the answer is what is least alike.
    Raises InputError where a part cannot be asked with, or the parts cancel each other.
    """
    vectors = np.stack([_of_part(its, gallery, part) for part in question.parts])
    plus = np.array([part.sign > 0 for part in question.parts])
    together = _mean(vectors[plus]) - (MINUS if plus.any() else 1) * _mean(vectors[~plus])
    length = float(np.linalg.norm(together))
    if length < 1e-6:
        raise InputError("plus and minus cancel each other; take one of them away")
    return together / length


def picture_bytes(gallery: Gallery, part: Part) -> bytes:
    """The file of the picture, of the gallery or sent, that a part asks with.

    Raises InputError where there is none, or no more.
    """
    if part.kind in ("upload", "sketch"):
        return uploads.data(str(part.value))
    path = gallery.pictures.filter(pk=part.value).values_list("path", flat=True).first()
    if path is None:
        raise InputError(f"picture {part.value}: is not in this gallery")
    try:
        return base.read(opened.finder(gallery.source), path)
    except Unreadable as error:
        raise cannot_ask(part, error) from None


def cannot_ask(part: Part, error: Unreadable) -> InputError:
    """The error of a part whose picture cannot be read."""
    which = f"picture {part.value}" if part.kind == "picture" else "the picture that was sent"
    return InputError(f"{which}: {error.reason}; ask with another")


def _mean(vectors: np.ndarray) -> np.ndarray:
    return vectors.mean(axis=0) if len(vectors) else np.zeros(vectors.shape[1], np.float32)


def _of_part(its: Served, gallery: Gallery, part: Part) -> np.ndarray:
    """The unit vector (D,) of one part."""
    if part.kind == "sentence":
        return its.network.sentence(str(part.value))
    if part.kind == "vector":
        return _given(its, part)
    if part.kind == "picture" and part.crop is None:
        row = int(its.snapshot.rows(np.array([part.value], np.int64))[0])
        if row >= 0:
            return its.snapshot.unit_rows(np.array([row]))[0]
    return _embedded(its, gallery, part)


def _given(its: Served, part: Part) -> np.ndarray:
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused below
        given = np.asarray(part.value, np.float32)
    dim = its.snapshot.dim
    if given.shape != (dim,):
        raise InputError(f"vector: has {given.size} numbers, those of this gallery have {dim}")
    length = float(np.linalg.norm(given))
    if not math.isfinite(length) or not length:
        raise InputError("vector: its numbers are all 0, or not finite")
    return given / length


def _embedded(its: Served, gallery: Gallery, part: Part) -> np.ndarray:
    ask = its.network.sketch if part.kind == "sketch" else its.network.picture
    try:
        return ask(picture_bytes(gallery, part), "the picture", part.crop)
    except Unreadable as error:
        raise cannot_ask(part, error) from None
