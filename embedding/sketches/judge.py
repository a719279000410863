"""The judge of networks of sketches and photographs: sketches ask, of classes that were seen in training and others."""

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from datasets.images.base import ImageSet
from datasets.vectors.base import Embeddings, VectorSet, from_embeddings, with_neighbors
from embedding.evaluation.judge import Judge, Scores
from embedding.mx import gluon
from embedding.sketches.net import TwoSided
from embedding.sketches.options import SketchOptions
from embedding.sketches.scores import evaluate

TRUNK = "untrained trunk"

Sides = tuple[Embeddings, Embeddings]  # of the sketches that ask, and of the photographs that answer


class SketchJudge:
    """Scores networks by the queries and the gallery of a set of sketches and photographs.

    outputs : gives what a network makes of its images
    """

    def __init__(self, outputs: Judge, images: ImageSet, options: SketchOptions) -> None:
        self._outputs, self._images, self._options = outputs, images, options

    @property
    def title(self) -> str:
        """What the scores are scores of."""
        return self._images.title

    def scores(self, net: TwoSided) -> Scores:
        """{name: score} of ``net``; names begin with "seen" or "unseen"."""
        return self.scores_of(*self.embeddings(net.sketches, net.photographs))

    def scores_of(self, queries: Embeddings, gallery: Embeddings) -> Scores:
        """{name: score}: of sketches of the classes that train among photographs of these, and of the others."""
        found = {}
        for part, asks, answers in self.parts(queries, gallery):
            found |= {f"{part} {name}": score for name, score in self.scored(asks, answers).items()}
        return found

    def parts(self, queries: Embeddings, gallery: Embeddings) -> Iterator[tuple[str, Embeddings, Embeddings]]:
        """("seen", queries, gallery) and ("unseen", queries, gallery), those that there are."""
        for part, wanted in (("seen", True), ("unseen", False)):
            asks, answers = (np.flatnonzero(np.isin(of.labels, self._seen) == wanted) for of in (queries, gallery))
            if len(asks) and len(answers):
                yield part, queries.take(asks), gallery.take(answers)

    def scored(self, queries: Embeddings, gallery: Embeddings) -> Scores:
        """{name: score} of one part."""
        return evaluate(queries, gallery, ns=self._options.ks, trained=self.trained)

    def embeddings(self, sketches: gluon.Block, photographs: gluon.Block) -> Sides:
        """What two networks make of the queries and of the gallery."""
        return (
            self._outputs.extract(sketches, self._images.query),
            self._outputs.extract(photographs, self._images.gallery),
        )

    def untrained(self, net: TwoSided) -> Iterator[tuple[str, Scores]]:
        """Rows of the table for what training starts from: the features of the trunks, compared as they are."""
        sides = self.embeddings(net.sketches.encoder, net.photographs.encoder)
        yield TRUNK, SketchJudge(self._outputs, self._images, self._options).scores_of(*sides)
        yield from self.without_training(net, sides)

    def without_training(self, net: TwoSided, sides: Sides) -> Iterator[tuple[str, Scores]]:
        """Rows for what else is made without training of the trunks' features of the two ``sides``: nothing."""
        return iter(())

    def vectors(self, queries: Embeddings, gallery: Embeddings) -> VectorSet:
        """Embeddings with their true neighbors, ready to be saved."""
        found = from_embeddings(queries, gallery, name=self.title, class_names=self._images.class_names)
        return with_neighbors(found)

    @cached_property
    def _seen(self) -> np.ndarray:
        return np.unique(self._images.labels[self._images.train])

    def compared(self, side: Embeddings) -> Embeddings:
        """One side as vectors whose cosines are what the other is compared by."""
        return side

    @cached_property
    def trained(self) -> frozenset[str]:
        """The paths of the images that train."""
        return frozenset(self._images.image_name(int(row)) for row in self._images.train)
