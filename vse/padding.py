"""Sentences as numbers, padded to one length."""

from collections.abc import Callable, Sequence

import numpy as np

_STEP = 4  # lengths that batches are padded to are multiples of it: a network is compiled for each
_AT_ONCE = 256  # sentences


def padded(sentences: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Words (B, T) int32, zeros behind the end of each sentence, and lengths (B,); T is a multiple of 4."""
    lengths = np.array([len(sentence) for sentence in sentences])
    words = np.zeros((len(sentences), -(-int(lengths.max()) // _STEP) * _STEP), np.int32)
    for row, sentence in enumerate(sentences):
        words[row, : len(sentence)] = sentence
    return words, lengths


def by_length(tower: Callable[[np.ndarray, np.ndarray], np.ndarray], sentences: Sequence[Sequence[int]]) -> np.ndarray:
    """What ``tower`` makes of words and lengths as of ``padded``, (C, D); sentences go through it sorted by length."""
    order = np.argsort([len(sentence) for sentence in sentences], kind="stable")
    batches = (order[start : start + _AT_ONCE] for start in range(0, len(order), _AT_ONCE))
    found = np.concatenate([tower(*padded([sentences[i] for i in batch])) for batch in batches])
    return found[np.argsort(order)]
