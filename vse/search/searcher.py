"""Searcher: what turns images and sentences into embeddings of one space, whoever computes, and what compares them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from datasets.images.base import ImageSet
from datasets.images.skipped import Skipped
from vse.network.vocab import Vocabulary


class Embeds(Protocol):
    """Two towers that are there to be used; the rows that they give have unit length."""

    vocabulary: Vocabulary

    def images(self, images: ImageSet, rows: np.ndarray, skipped: Skipped | None = None) -> np.ndarray:
        """The embeddings (R, D) float32 of the images ``rows``.

        The row of an image that cannot be read is NaN where ``skipped`` is given to note it in; else it is an error.
        """

    def sentences(self, sentences: Sequence[str]) -> np.ndarray:
        """The embeddings (C, D) float32 of sentences."""


@dataclass(frozen=True)
class Searcher:
    """Towers with what one must know of their embeddings.

    dim : D, the size of an embedding
    similarity : by which they are compared, cosine or order
    """

    embedder: Embeds
    dim: int
    similarity: str
