"""Batches of pairs: those of pictures, or of features, with the words of their texts beside them."""

from typing import Any

import numpy as np

from embedding.batches.loader import Batch, Batches
from embedding.evaluation.features import FeatureBatches
from embedding.mx import nd


class _WithTexts(Batches):
    """``Batches`` of a set's pictures with ``words`` (N, W), the rows of its texts."""

    def __init__(self, words: np.ndarray, *args: Any, **how: Any) -> None:
        super().__init__(*args, **how)
        self._words = words[self.images.train]

    def _batch(self, seen: nd.NDArray, positions: np.ndarray) -> Batch:
        alone = super()._batch(seen, positions)
        return Batch(inputs=(*alone.inputs, nd.array(self._words[positions])), targets=alone.targets)


class PairBatches(_WithTexts):
    """Batches of pictures (B, H, W, 3) and words (B, W) with labels."""


class PairFeatureBatches(_WithTexts, FeatureBatches):
    """Batches of features (B, C) and words (B, W) with labels; made of words, features and all else as of those."""
