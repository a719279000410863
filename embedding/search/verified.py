"""Verified: the first answers in a new order, by local features that are found once and kept."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from datasets.images.base import ImageSet
from datasets.images.skipped import Skipped
from embedding.reranking import kept_features, verify
from embedding.reranking.kept_features import KeptFeatures
from embedding.reranking.local_features import Sift
from embedding.reranking.verify import Verification, Verified


class Pictures(NamedTuple):
    """``rows`` of a set, each known by its position among them."""

    images: ImageSet
    rows: np.ndarray


@dataclass(frozen=True)
class Verifier:
    """Puts answers in the order of their scores and geometry together.

    folder : where local features are kept
    workers : threads
    """

    folder: Path
    workers: int = 2
    sift: Sift = Sift()
    how: Verification = Verification()

    def __call__(self, asking: Pictures, answering: Pictures, neighbors: np.ndarray, scores: np.ndarray) -> Verified:
        """The first k of the queries ``asking`` anew.

        neighbors : (Q, k) int64 positions in ``answering``, -1 for none; scores : (Q, k) float32 cosines
        Local features are looked for in these pictures alone. One that cannot be read has none.
        """
        there = neighbors >= 0
        positions, among = np.unique(neighbors[there], return_inverse=True)
        compact = np.full(neighbors.shape, -1, np.int64)
        compact[there] = among
        queries = self.features(asking)
        gallery = self.features(Pictures(answering.images, answering.rows[positions]))
        found = verify.verify(compact, scores, queries, gallery, self.how, workers=self.workers)
        wide = np.full(neighbors.shape, -1, np.int64)
        kept = found.neighbors >= 0
        wide[kept] = positions[found.neighbors[kept]]
        return found._replace(neighbors=wide)

    def features(self, pictures: Pictures) -> KeptFeatures:
        """The local features of pictures, in their order."""
        how = {"folder": self.folder, "how": self.sift, "workers": self.workers, "progress": sys.stderr.isatty()}
        return kept_features.kept(*pictures, **how, skipped=Skipped(1 + len(pictures.rows), max_bad=1))
