"""Search by codes of a two-sided net: pictures whose codes are near that of a sentence, and texts near a picture."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.stored import vectors_file
from datasets.vectors import exact
from datasets.vectors.base import VectorSet
from datasets.words.words import is_punctuation, words
from embedding.engine.kept import network_of
from embedding.evaluation.extract import through
from embedding.mx import contexts, nd
from embedding.search.found import Ranked
from embedding.search.gallery import made_by_another
from hashing import codes
from hashing.cross import build

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Coded:
    """What is searched: N names with their codes, ``vectors.gallery`` (N, bytes), which are kept in ``file``."""

    vectors: VectorSet
    names: tuple[str, ...]
    file: Path

    def __len__(self) -> int:
        return len(self.names)


class Coder:
    """Sentences to codes, by the best network of a run folder of train_cross.py.

    gpus : its devices, as ``--gpus`` names them. Raises InputError where it knows no sentences.
    """

    def __init__(self, run: Path, gpus: str = "") -> None:
        self._devices, self.network = contexts(gpus), network_of(run / "best")
        self._vocabulary = build.vocabulary_of(run)
        self._net, options = build.trained_network(run, "best", self._devices)
        self.bits = options.bits

    def sentences(self, sentences: Sequence[str]) -> np.ndarray:
        """The codes (Q, bytes) of sentences that somebody asks with; words that are not known are logged.

        Raises InputError for one that is empty, or of which no word is known.
        """
        for sentence in sentences:
            self._check(sentence)
        return codes.pack(through(self._activations, self._vocabulary.rows(sentences)))

    def _activations(self, rows: np.ndarray) -> np.ndarray:
        return self._net.texts(nd.array(rows, ctx=self._devices[0])).asnumpy()

    def knows(self, sentence: str) -> bool:
        """Whether a word of ``sentence``, and not just its punctuation, is in the vocabulary."""
        unknown = set(self._vocabulary.unknown(sentence))
        there = words(sentence, self._vocabulary.way)
        return any(word not in unknown for word in there if not is_punctuation(word))

    def _check(self, sentence: str) -> None:
        if not sentence.strip():
            raise InputError('"": a sentence is empty; say what the picture shows')
        if not self.knows(sentence):
            raise InputError(f'"{sentence}": no word of it is known to this network; say it in others')
        if unknown := self._vocabulary.unknown(sentence):
            log.warning('"%s": not known, and passed over: %s', sentence, ", ".join(unknown))


def of_file(path: Path, coder: Coder, flag: str = "") -> Coded:
    """The gallery of a file of codes, or of a run folder's, made by the network of ``coder``, where the file tells.

    flag : what named the file, as an error calls it. Raises InputError where another network made it.
    """
    file, what = vectors_file.file_of(path), f"{flag}={path}" if flag else str(path)
    if not file.exists():
        raise InputError(f"{file} is not there, which a run writes at its end: let it end, or name --vectors=FILE")
    found = vectors_file.load(file)
    if found.metric != "hamming" or found.dim != coder.bits:
        holds = f"codes of {found.dim} bits" if found.metric == "hamming" else "vectors that are no codes"
        raise InputError(f"{what}: holds {holds}, the run's network gives codes of {coder.bits}; name another file")
    if made_by_another(found, coder.network):
        raise InputError(f"{what}: another network than that of the run has made it; name a file of this one")
    names = found.gallery_paths or tuple(f"{found.name}[{row}]" for row in range(len(found.gallery)))
    return Coded(found, names, file)


def nearest(asking: np.ndarray, coded: Coded, k: int) -> Ranked:
    """The k nearest for each of the codes (Q, bytes), or all where there are fewer; exactly. See ``scored``."""
    found = exact.search(asking, coded.vectors.gallery, min(k, len(coded)), metric="hamming")
    return scored(found[0], found[1], coded.vectors.dim)


def by_index(asking: np.ndarray, coded: Coded, neighbors: np.ndarray) -> Ranked:
    """What an index has found, ``neighbors`` (Q, k), with the true distances, in their order."""
    distances = exact.between(asking, coded.vectors.gallery, neighbors, metric="hamming")
    order = np.argsort(distances, axis=1, kind="stable")
    there = partial(np.take_along_axis, indices=order, axis=1)
    return scored(there(neighbors), there(distances), coded.vectors.dim)


def scored(neighbors: np.ndarray, distances: np.ndarray, bits: int) -> Ranked:
    """Neighbors with the share of the bits that they have in common with what asks."""
    return neighbors, (1 - distances / bits).astype(np.float32)
