"""The judge of image-text networks: the embeddings of a part's images and captions, and the scores of these."""

import logging
from dataclasses import dataclass

import numpy as np

from datasets.captions.base import CaptionSet
from datasets.errors import InputError
from datasets.images.skipped import Skipped
from datasets.vectors.base import Embeddings, VectorSet, from_embeddings, with_neighbors
from embedding.evaluation.extract import unread
from vse.evaluation.scores import CAPTIONS, evaluate, evaluate_folds
from vse.network.embedder import Embedder

log = logging.getLogger(__name__)

FOLDS, FOLDED = 5, 5_000  # of COCO's 5,000 test images, five folds of 1,000 are scored too


@dataclass(frozen=True)
class Pairs:
    """Embeddings of a part of a caption set: images (N, D), captions (C, D), and image_of (C,), rows of the images.

    rows : (N,) int64, the rows of the set that the images have: those of the part that can be read
    """

    images: np.ndarray
    captions: np.ndarray
    image_of: np.ndarray
    rows: np.ndarray


class PairJudge:
    """Scores networks on parts of a caption set.

    features : (N, C) of all its images, where they were extracted before
    similarity : what embeddings are compared by, see ``vse.losses``
    skipped : where images that cannot be read are noted; they and their captions take no part. None: they are an error
    """

    def __init__(
        self,
        captions: CaptionSet,
        embedder: Embedder,
        *,
        features: np.ndarray | None,
        similarity: str,
        skipped: Skipped | None = None,
    ) -> None:
        self._captions, self._embedder, self._features, self._similarity = captions, embedder, features, similarity
        self._skipped, self._told = skipped, set[str]()

    @property
    def title(self) -> str:
        """What the scores are scores of."""
        return self._captions.title

    def pairs(self, part: str) -> Pairs:
        """The embeddings of all images of ``part`` that can be read, and of their captions."""
        rows, captions = getattr(self._captions, part), self._captions
        if self._features is None:
            images = self._embedder.images(captions.as_images(), rows, self._skipped)
        else:
            images = self._embedder.of_features(self._features[rows])
        rows, images = self._there(part, rows, images)
        asked = captions.captions_of(rows)
        embedded = self._embedder.sentences([captions.captions[i] for i in asked])
        return Pairs(images, embedded, _places(rows)[captions.image_of[asked]], rows)

    def _there(self, part: str, rows: np.ndarray, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The ``rows`` and the embeddings ``images`` of those that can be read; it is told once where some cannot."""
        if not self._skipped:
            return rows, images
        there = np.array([self._captions.image_name(int(row)) not in self._skipped for row in rows])
        there |= ~unread(images)  # a network that diverged makes NaN too, and is to be told as such
        if not there.any():
            raise InputError(f"dataset {self.title}: none of {len(rows):,} {part} images can be read; mend them")
        if not there.all() and part not in self._told:
            self._told.add(part)
            found = f"{there.sum():,} of {len(rows):,} images and their captions"
            log.warning("%s: %s scores are of %s: the others cannot be read", self.title, part, found)
        return rows[there], images[there]

    def scores(self, pairs: Pairs) -> dict[str, float]:
        """{name: score} of what ``pairs`` gave."""
        return evaluate(pairs.images, pairs.captions, pairs.image_of, similarity=self._similarity)

    def fold_scores(self, pairs: Pairs) -> dict[str, float]:
        """The same, the means over five folds of 1,000 images, where there are 5,000, as in COCO; else nothing."""
        if len(pairs.images) != FOLDED:
            return {}
        how = {"folds": FOLDS, "similarity": self._similarity}
        return evaluate_folds(pairs.images, pairs.captions, pairs.image_of, **how)

    def vectors(self, pairs: Pairs) -> VectorSet:
        """``pairs`` as they are saved: captions are queries, images the gallery, an image the class of its captions.

        Their names are the captions themselves. Attributes tell that, and the similarity.
        """
        rows, captions = pairs.rows, self._captions
        asked = captions.captions_of(rows)
        names = tuple(captions.image_name(int(row)) for row in rows)
        gallery = Embeddings(pairs.images, np.arange(len(rows)), names)
        queries = Embeddings(pairs.captions, pairs.image_of, tuple(captions.captions[i] for i in asked))
        attrs = {"queries": CAPTIONS, "similarity": self._similarity}
        found = from_embeddings(queries, gallery, name=captions.name, metric="inner_product", attrs=attrs)
        return with_neighbors(found)


def _places(rows: np.ndarray) -> np.ndarray:
    """Where each image stands in ``rows``, by its row."""
    places = np.full(rows.max() + 1, -1)
    places[rows] = np.arange(len(rows))
    return places
