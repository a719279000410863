"""Learned: a whitening from the pictures of a set that show the same, or of other parts of the set that is judged."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.truth import of_labels
from datasets.sources.image_source import is_for_whitening
from embedding.evaluation import whiten
from embedding.evaluation.whiten import Whitening

KINDS = ("auto", "lw", "pca")
_MOST_PAIRS = 20_000  # of others than published ones; cirtorch learns from a few thousand


@dataclass(frozen=True)
class Wanted:
    """A whitening as it is asked for: "lw=64", "pca=64:0.5" or "pca".

    kind : lw, from pairs that show the same; pca, from all vectors alone; or auto, which is lw where there are more
        pairs than a vector has numbers, and else pca
    dim : of what comes out; None for as much as there is
    strength : of lw the ridge, of pca the shrinkage; None for the usual one
    """

    kind: str
    dim: int | None = None
    strength: float | None = None

    def __str__(self) -> str:
        more = [str(value) for value in (self.dim or "", self.strength) if value is not None]
        text = ":".join(more).rstrip(":")
        return f"{self.kind}={text}" if text else self.kind

    @classmethod
    def parse(cls, text: str, flag: str) -> "Wanted":
        """What ``text`` asks for; raises InputError naming the ``flag``."""
        kind, _, rest = text.strip().partition("=")
        dim, _, strength = rest.partition(":")
        try:
            if kind not in KINDS:
                raise ValueError
            found = cls(kind, int(dim) if dim else None, float(strength) if strength else None)
            if (found.dim is not None and found.dim < 1) or not 0 <= (found.strength or 0) <= 1:
                raise ValueError
        except ValueError:
            what = "give auto, lw or pca, and where you like how many dimensions and a strength from 0 to 1"
            raise InputError(f"{flag}={text}: {what}, such as lw=64 or pca=64:0.5") from None
        return found

    def learn(self, vectors: np.ndarray, pairs: np.ndarray) -> Whitening:
        """The whitening from ``vectors`` (N, D), unit rows, and ``pairs`` (M, 2) of them that show the same.

        Of fewer vectors than ``dim``, or than they have components, it gives as many as there are.
        """
        kind = ("lw" if len(pairs) > vectors.shape[1] else "pca") if self.kind == "auto" else self.kind
        more = {} if self.strength is None else {{"lw": "ridge", "pca": "shrinkage"}[kind]: self.strength}
        rows = np.unique(pairs)
        if kind == "pca":
            learned = whiten.learn_pca(vectors[rows], **more)
        else:
            learned = whiten.learn_lw(vectors[rows], np.searchsorted(rows, pairs), **more)
        return learned.first(min(self.dim or learned.dim, learned.dim))


def pairs(images: ImageSet, *, seed: int = 0) -> np.ndarray:
    """(M, 2) rows of a set, two pictures that show the same each: its matches, or what its queries are to find.

    A labelled set, of which nothing else tells, gives those of its training classes, or else of those that it tests.
    Those that are published to learn a whitening from are all given, and of others some drawn at random.
    Raises InputError where there is none.
    """
    if is_for_whitening(images):
        return images.matches
    if images.matches is not None and len(images.matches):
        found = images.matches
    elif images.truth is not None:
        found = of_parts(images)
    else:
        rows = images.train if len(images.train) else np.union1d(images.query, images.gallery)
        found = _positives(rows, of_labels(images.labels, rows, rows).easy, rows)
        found = found[found[:, 0] < found[:, 1]]
    if not len(found):
        raise InputError(f"dataset {images.name}: no two of its pictures show the same; name another to learn from")
    return np.random.default_rng(seed).permutation(found)[:_MOST_PAIRS]


def of_parts(images: ImageSet, *, without: Sequence[str] = ()) -> np.ndarray:
    """(M, 2) rows of a set with a truth: each query, but of the parts ``without``, with all that it is to find."""
    truth = images.truth
    asks = [place for place in range(len(truth)) if not truth.parts or truth.parts[place] not in without]
    wanted = [truth.wanted[place] for place in asks]
    return _positives(images.query[asks], wanted, images.gallery)


def _positives(query: np.ndarray, wanted: Sequence[np.ndarray], gallery: np.ndarray) -> np.ndarray:
    counts = [len(places) for places in wanted]
    right = gallery[np.concatenate(wanted)] if sum(counts) else gallery[:0]
    return np.stack([np.repeat(query, counts), right], axis=1).astype(np.int64)
