"""Vocabulary: the words of the training captions, by number, and a caption as numbers."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from nltk.tokenize import NLTKWordTokenizer

from datasets.errors import InputError
from datasets.whole import beside

PAD, START, END, UNKNOWN = "<pad>", "<start>", "<end>", "<unk>"
_SPECIAL = (PAD, START, END, UNKNOWN)
_TOKENIZER = NLTKWordTokenizer()


def tokens(caption: str) -> list[str]:
    """The words of a caption in lower case, punctuation apart, as NLTK's tokenizer parts them.

    What is written without spaces, as Chinese is, is one word; so is an emoji.
    """
    return _TOKENIZER.tokenize(caption.lower())


class Vocabulary:
    """Words by number; <pad>, <start>, <end> and <unk>, for every word that is not there, come first."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = (*_SPECIAL, *words)
        self._number = {word: number for number, word in enumerate(self.words)}

    def __len__(self) -> int:
        return len(self.words)

    @classmethod
    def of(cls, captions: Iterable[str], *, threshold: int = 4) -> "Vocabulary":
        """The words that ``captions`` have ``threshold`` times or more, those of the training part alone."""
        counts = Counter(word for caption in captions for word in tokens(caption))
        return cls(sorted(word for word, count in counts.items() if count >= threshold and word not in _SPECIAL))

    def encode(self, caption: str) -> list[int]:
        """The numbers of <start>, the words of ``caption``, and <end>."""
        unknown = self._number[UNKNOWN]
        return [self._number[START], *(self._number.get(word, unknown) for word in tokens(caption)), self._number[END]]

    def unknown(self, caption: str) -> list[str]:
        """The words of ``caption`` that are not there, in order, each once."""
        return list(dict.fromkeys(word for word in tokens(caption) if word not in self._number))

    def save(self, path: Path) -> None:
        """Write the words as JSON, whole or not at all."""
        with beside(path) as part:
            part.write_text(json.dumps(self.words[len(_SPECIAL) :], ensure_ascii=False, indent=0), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "Vocabulary":
        """What ``save`` wrote; raises InputError naming the file where it cannot be read."""
        try:
            words = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
                raise ValueError("not a list of words")
        except (OSError, ValueError) as error:
            raise InputError(
                f"{path}: cannot be read as a vocabulary ({error}); train again, or name another"
            ) from None
        return cls(words)
