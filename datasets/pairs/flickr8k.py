"""Flickr8k with shared words as labels: nobody has labelled it, so that two pairs count as alike by their own words.

A pair is a photograph and its five captions. Its labels are those of the fifty words, which come in most training
photographs' captions and say something, that two or more of its captions have. Scores on it are of this rule, which its
name tells, and not of what people see.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from datasets.captions import flickr8k
from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.pairs.base import PairSet
from datasets.words.words import words

NAME = "flickr8k-shared-words"
LABELS, TOLD = 50, 2  # words that are labels, and in how many captions one must come
_PER_IMAGE = 5


def load(root: str | Path | None, *, texts: str = "") -> PairSet:
    """The set in the folder ``root`` as ``datasets.captions.flickr8k`` reads it; photographs of no part are left out.

    The test part asks, train and dev answer. Raises InputError as that does.
    """
    if texts:
        raise InputError(f"--texts={texts}: flickr8k has one kind of texts; leave it out")
    found = flickr8k.load(root)
    told = [found.captions[i : i + _PER_IMAGE] for i in range(0, len(found.captions), _PER_IMAGE)]
    said = [_said(captions) for captions in told]
    labels = _labels([said[row] for row in found.train])
    pictures = ImageSet(
        name=NAME,
        images=found.images,
        labels=np.array([[word in its for word in labels] for its in said]),
        class_names=labels,
        train=found.train,
        query=found.test,
        gallery=np.concatenate([found.train, found.dev]),
    )
    return PairSet(pictures, tuple("\n".join(captions) for captions in told)).check()


def _said(captions: Sequence[str]) -> set[str]:
    """The words that come in two or more of the captions."""
    counts = Counter(word for caption in captions for word in set(words(caption)))
    return {word for word, count in counts.items() if count >= TOLD}


def _labels(said: Sequence[set[str]]) -> tuple[str, ...]:
    """The words of most photographs, in alphabetical order; those of equally many by the alphabet."""
    counts = Counter(word for its in said for word in its if word.isalpha() and word not in ENGLISH_STOP_WORDS)
    most = sorted(counts, key=lambda word: (-counts[word], word))[:LABELS]
    return tuple(sorted(most))
