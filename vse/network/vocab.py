"""Vocabulary: the words of the training captions, by number, and a caption as numbers."""

import functools
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.errors import InputError
from datasets.files.whole import beside

if TYPE_CHECKING:
    from nltk.tokenize import NLTKWordTokenizer

VOCABULARY = "vocabulary.json"  # file of a run folder

PAD, START, END, UNKNOWN = "<pad>", "<start>", "<end>", "<unk>"
_SPECIAL = (PAD, START, END, UNKNOWN)


@functools.cache
def _tokenizer() -> "NLTKWordTokenizer":
    from nltk.tokenize import NLTKWordTokenizer  # with all of NLTK, which takes a second

    return NLTKWordTokenizer()


def tokens(caption: str) -> list[str]:
    """The words of a caption in lower case, punctuation apart, as NLTK's tokenizer parts them.

    What is written without spaces, as Chinese is, is one word; so is an emoji.
    """
    return _tokenizer().tokenize(caption.lower())


class Vocabulary:
    """Words by number; <pad>, <start>, <end> and <unk>, for every word that is not there, come first."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = (*_SPECIAL, *words)
        self._number = {word: number for number, word in enumerate(self.words)}

    def __len__(self) -> int:
        return len(self.words)

    @property
    def known(self) -> tuple[str, ...]:
        """The words that captions may have, without the special ones."""
        return self.words[len(_SPECIAL) :]

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
            part.write_text(json.dumps(self.known, ensure_ascii=False, indent=0), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "Vocabulary":
        """What ``save`` wrote, or a vocabulary file of SCAN; raises InputError naming the file where it is neither."""
        try:
            return cls(_words(json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError, RecursionError) as error:
            why = getattr(error, "strerror", None) or error
            raise InputError(f"{path}: cannot be read as a vocabulary ({why}); train again, or name another") from None


def _words(content: object) -> list[str]:
    """The words that a file says, without the special ones; SCAN's files have {"word2idx": {word: number}}."""
    numbers = content.get("word2idx") if isinstance(content, dict) else None
    if isinstance(numbers, dict) and all(isinstance(number, int) for number in numbers.values()):
        content = [word for word in sorted(numbers, key=numbers.__getitem__) if word not in _SPECIAL]
    if not isinstance(content, list) or not all(isinstance(word, str) for word in content):
        raise ValueError("not a list of words")
    if not content:
        raise ValueError("it has no word")
    if len({*content, *_SPECIAL}) < len(content) + len(_SPECIAL):
        raise ValueError("a word stands there twice, or is a special one")
    "".join(content).encode("utf-8")  # raises ValueError for half a character, as JSON may spell it
    return content
