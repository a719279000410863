"""Sentences: what somebody asks with, and what is searched for an image."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.lists.described import lines
from datasets.stored import vectors_file
from datasets.words.words import is_punctuation
from vse.network.vocab import Vocabulary
from vse.search.gallery import vectors_of
from vse.search.searcher import Embeds

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sentences:
    """Different sentences with their embeddings (C, D) float32, unit rows; ``name`` says where they come from."""

    name: str
    texts: tuple[str, ...]
    vectors: np.ndarray


def asked(sentences: Sequence[str], embedder: Embeds) -> np.ndarray:
    """The embeddings (Q, D) of sentences that somebody asks with; words that the network does not know are logged.

    Raises InputError for one that is empty, or of which the network knows no word.
    """
    for sentence in sentences:
        if not sentence.strip():
            raise InputError('"": a sentence is empty; say what the picture shows')
        if not knows(embedder.vocabulary, sentence):
            raise InputError(f'"{sentence}": no word of it is known to this network; say it in others')
        if unknown := embedder.vocabulary.unknown(sentence):
            log.warning('"%s": not known, and passed over as <unk>: %s', sentence, ", ".join(unknown))
    return embedder.sentences(sentences)


def knows(vocabulary: Vocabulary, sentence: str) -> bool:
    """Whether a word of ``sentence``, and not just its punctuation, is in the vocabulary."""
    unknown = set(vocabulary.unknown(sentence))
    return any(word not in unknown for word in vocabulary.parting(sentence) if not is_punctuation(word))


def of_run(run: Path, *, dim: int) -> Sentences:
    """The captions of the test part of a run; raises InputError where it has not come to their embeddings yet."""
    found = vectors_of(run, dim=dim)
    if not found.query_paths:
        raise InputError(f"{run / vectors_file.NAME}: does not tell its captions; name a text file by --sentences")
    first = np.sort(np.unique(np.array(found.query_paths, object), return_index=True)[1])
    texts = tuple(found.query_paths[row] for row in first)
    return Sentences(f"the captions of the test part of {found.name}", texts, np.asarray(found.queries)[first])


def of_file(path: Path, embedder: Embeds) -> Sentences:
    """The sentences of a UTF-8 text file, one a line; those of which the network knows no word are left out, and named.

    Raises InputError naming the file where it cannot be read or nothing is left.
    """
    if not path.is_file():
        raise InputError(f"--sentences={path}: is no file; name a text file with a sentence a line")
    texts = list(dict.fromkeys(line.strip() for line in lines(path) if line.strip()))
    known = tuple(text for text in texts if knows(embedder.vocabulary, text))
    if not known:
        raise InputError(f"--sentences={path}: has no sentence of which this network knows a word")
    if lost := [text for text in texts if text not in set(known)]:
        log.warning("left out, no word of %d sentences of %s is known, such as: %s", len(lost), path, lost[0])
    return Sentences(str(path), known, embedder.sentences(known))
