"""The judge of codes of sketches and photographs."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from datasets.errors import InputError
from datasets.vectors.base import Embeddings, VectorSet, from_embeddings, with_neighbors
from embedding.evaluation.judge import Scores
from embedding.sketches.judge import SketchJudge
from embedding.sketches.net import TwoSided
from hashing import baselines, codes
from hashing.evaluation.scores import evaluate

_RADIUS = 2
_KEPT = ("map@all", "precision@")


class CodeJudge(SketchJudge):
    """Scores networks by the codes of the queries and the gallery of a set of sketches and photographs."""

    def scored(self, queries: Embeddings, gallery: Embeddings) -> Scores:
        """{name: score} of the codes of one part."""
        found = evaluate(self._coded(queries, gallery), radius=_RADIUS, ns=self._options.ks)
        return {name: score for name, score in found.items() if name.startswith(_KEPT)}

    def untrained(self, net: TwoSided) -> Iterator[tuple[str, Scores]]:
        """Rows of the table for the features of the trunks, and for codes of them that need no training on labels."""
        yield from super().untrained(net)
        encoders = {True: net.sketches.encoder, False: net.photographs.encoder}
        train = self._images.train
        seen = [self._outputs.extract(encoders[is_sketch], train[self._images.sketches[train] == is_sketch]).vectors
                for is_sketch in encoders]  # fmt: skip
        sides = self.embeddings(*encoders.values())
        for name in baselines.names():
            try:
                encode = baselines.fit(name, np.concatenate(seen), self._options.bits, self._options.seed)
            except InputError:
                continue  # so few features cannot make so many bits
            yield name, self.scores_of(*(replace(side, vectors=encode(side.vectors)) for side in sides))

    def vectors(self, queries: Embeddings, gallery: Embeddings) -> VectorSet:
        """Codes with their true neighbors, ready to be saved."""
        return with_neighbors(self._coded(queries, gallery))

    def compared(self, side: Embeddings) -> Embeddings:
        """Codes as vectors of -1 and 1 over sqrt(bits): cosines are 1 - 2 d / bits for a Hamming distance d."""
        signs = np.where(side.vectors > 0, 1, -1).astype(np.float32)
        return replace(side, vectors=signs / np.sqrt(np.float32(signs.shape[1])))

    def _coded(self, queries: Embeddings, gallery: Embeddings) -> VectorSet:
        floats = from_embeddings(queries, gallery, name=self.title, class_names=self._images.class_names)
        trained = np.array([path in self.trained for path in gallery.paths], np.int64)
        return replace(
            floats,
            metric="hamming",
            queries=codes.pack(queries.vectors),
            gallery=codes.pack(gallery.vectors),
            gallery_trained=trained if trained.any() else None,
        )
