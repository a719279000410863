"""Vocabulary: the words of the training texts, and a text as the weights of its words."""

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from datasets.errors import InputError
from datasets.files.whole import beside
from datasets.words.words import words

VOCABULARY = "words.json"  # file of a run folder


class Vocabulary:
    """Words with their weights: each is worth the more the fewer texts it comes in (tf-idf).

    known : W words; rarity : (W,) their inverse document frequency
    way : how what is written without spaces becomes words, see ``datasets.words``
    """

    def __init__(self, known: Sequence[str], rarity: Sequence[float], way: str) -> None:
        self.known, self.rarity, self.way = tuple(known), np.array(rarity, np.float64), way
        self._vectorizer = TfidfVectorizer(analyzer=partial(words, way=way), vocabulary=self.known, sublinear_tf=True)
        self._vectorizer.idf_ = self.rarity

    def __len__(self) -> int:
        return len(self.known)

    @classmethod
    def of(cls, texts: Sequence[str], *, threshold: int, most: int, way: str) -> "Vocabulary":
        """The words that come in ``threshold`` of the training ``texts`` or more, at most ``most`` of them.

        Raises InputError where there is none.
        """
        fitted = TfidfVectorizer(analyzer=partial(words, way=way), min_df=min(threshold, len(texts)), max_features=most)
        try:
            fitted.fit(texts)
        except ValueError:  # no word is left
            seen = f"no word comes in so many of the {len(texts):,} training texts"
            raise InputError(f"--threshold={threshold}: {seen}; give a lower one") from None
        return cls(fitted.get_feature_names_out().tolist(), fitted.idf_.tolist(), way)

    def rows(self, texts: Sequence[str]) -> np.ndarray:
        """(T, W) float32: the weights of the words of each text, of unit length, 0 where it has no known word."""
        return self._vectorizer.transform(texts).toarray().astype(np.float32)

    def unknown(self, text: str) -> list[str]:
        """The words of ``text`` that are not there, in order, each once."""
        there = set(self.known)
        return list(dict.fromkeys(word for word in words(text, self.way) if word not in there))

    def save(self, path: Path) -> None:
        """Write it as JSON, whole or not at all."""
        content = {"way": self.way, "words": self.known, "rarity": self.rarity.tolist()}
        with beside(path) as part:
            part.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "Vocabulary":
        """What ``save`` wrote; raises InputError naming the file."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            return cls(content["words"], content["rarity"], content["way"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            why = getattr(error, "strerror", None) or error
            raise InputError(f"{path}: cannot be read as a vocabulary ({why}); train again") from None
