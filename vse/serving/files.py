"""What searches with the ONNX files of two towers, without MXNet."""

import sys
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.skipped import Skipped
from embedding.engine import onnx
from embedding.engine.base import Engine
from embedding.extraction import memory
from vse.network.vocab import Vocabulary
from vse.padding import by_length
from vse.search.searcher import Searcher

_AT_ONCE = 32  # images; more is not faster


class FileEmbedder:
    """Two towers in ONNX files, as ``Embeds`` of vse/search says.

    captions : the file of the caption tower
    images : opens the engine of the image tower, which is not done before an image is to be embedded
    gpus, workers : devices of both, and threads that decode images
    """

    def __init__(self, captions: Path, images: Callable[[], Engine], *, gpus: str = "", workers: int = 2) -> None:
        (self._session, *_) = onnx.sessions(captions, gpus=gpus)
        self._open, self._workers = images, workers
        words = self._session.get_modelmeta().custom_metadata_map
        try:
            self.dim, self.similarity = int(words["dim"]), words["similarity"]
            self.vocabulary = Vocabulary.from_json(words["vocabulary"], str(captions))
        except (KeyError, ValueError):
            raise InputError(f"{captions}: is no caption tower; write it anew by export_onnx.py") from None

    @cached_property
    def _engine(self) -> Engine:
        return self._open()

    def images(self, images: ImageSet, rows: np.ndarray, skipped: Skipped | None = None) -> np.ndarray:
        """The embeddings (R, D) float32 of the images ``rows``."""
        facts = self._engine.facts
        how = {"size": facts.size, "resize": facts.resize, "batch_size": _AT_ONCE, "workers": self._workers}
        return memory.vectors(self._engine, images, rows, progress=sys.stderr.isatty(), skipped=skipped, **how)

    def sentences(self, sentences: Sequence[str]) -> np.ndarray:
        """The embeddings (C, D) float32 of sentences."""
        return by_length(self._of_words, [self.vocabulary.encode(sentence) for sentence in sentences])

    def _of_words(self, words: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        return self._session.run(None, {"words": words, "lengths": lengths.astype(np.int32)})[0]


def searcher(captions: Path, images: Callable[[], Engine], *, gpus: str = "") -> Searcher:
    """What searches with the caption tower in a file and the image tower that ``images`` opens."""
    embedder = FileEmbedder(captions, images, gpus=gpus)
    return Searcher(embedder, embedder.dim, embedder.similarity)
