"""Vocabulary: the words of the training captions, by number, and a caption as numbers."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from datasets.errors import InputError
from datasets.files.whole import beside
from datasets.words.parting import AT_SPACES, Parting
from datasets.words.words import WAYS, check

VOCABULARY = "vocabulary.json"  # file of a run folder

PAD, START, END, UNKNOWN = "<pad>", "<start>", "<end>", "<unk>"
_SPECIAL = (PAD, START, END, UNKNOWN)


class Vocabulary:
    """Words by number; <pad>, <start>, <end> and <unk>, for every word that is not there, come first.

    words : the others; parting : what gives the words of a caption
    """

    def __init__(self, words: Sequence[str], parting: Parting = AT_SPACES) -> None:
        self.words = (*_SPECIAL, *words)
        self.parting = parting
        self._number = {word: number for number, word in enumerate(self.words)}

    def __len__(self) -> int:
        return len(self.words)

    @property
    def known(self) -> tuple[str, ...]:
        """The words that captions may have, without the special ones."""
        return self.words[len(_SPECIAL) :]

    @classmethod
    def of(cls, captions: Iterable[str], *, threshold: int = 4, parting: Parting = AT_SPACES) -> "Vocabulary":
        """The words that ``captions`` have ``threshold`` times or more, those of the training part alone."""
        counts = Counter(word for caption in captions for word in parting(caption))
        words = sorted(word for word, count in counts.items() if count >= threshold and word not in _SPECIAL)
        return cls(words, parting)

    def encode(self, caption: str) -> list[int]:
        """The numbers of <start>, the words of ``caption``, and <end>."""
        unknown = self._number[UNKNOWN]
        words = self.parting(caption)
        return [self._number[START], *(self._number.get(word, unknown) for word in words), self._number[END]]

    def unknown(self, caption: str) -> list[str]:
        """The words of ``caption`` that are not there, in order, each once."""
        return list(dict.fromkeys(word for word in self.parting(caption) if word not in self._number))

    def to_json(self) -> str:
        """The words, with how captions are parted into such unless that is at spaces, as JSON."""
        told: object = self.known
        if self.parting != AT_SPACES:
            told = {"split_words": self.parting.way, "max_words": self.parting.most, "words": self.known}
        return json.dumps(told, ensure_ascii=False, indent=0)

    @classmethod
    def from_json(cls, text: str, where: str) -> "Vocabulary":
        """What ``to_json`` gave.

        Raises ValueError where it is none; InputError, naming ``where``, where its segmenter is not installed.
        """
        content = json.loads(text)
        parting = _parting(content)
        check(parting.way, where)
        return cls(_words(content), parting)

    def save(self, path: Path) -> None:
        """Write ``to_json`` as a file, whole or not at all."""
        with beside(path) as part:
            part.write_text(self.to_json(), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "Vocabulary":
        """What ``save`` wrote, or a vocabulary file of SCAN; raises InputError naming the file where it is neither."""
        try:
            return cls.from_json(path.read_text(encoding="utf-8"), str(path))
        except (OSError, ValueError, RecursionError) as error:
            why = getattr(error, "strerror", None) or error
            raise InputError(f"{path}: cannot be read as a vocabulary ({why}); train again, or name another") from None


def _parting(content: object) -> Parting:
    """How captions are parted, as a file tells; those of older runs and of SCAN do not, and part them at spaces."""
    if not isinstance(content, dict) or "split_words" not in content:
        return AT_SPACES
    way, most = content["split_words"], content.get("max_words")
    if way not in WAYS or not (most is None or (type(most) is int and most > 0)):
        raise ValueError(f"no such way to part words: {way}, {most}")
    return Parting(way, most)


def _words(content: object) -> list[str]:
    """The words that a file says, without the special ones; SCAN's files have {"word2idx": {word: number}}."""
    if isinstance(content, dict) and "words" in content:
        content = content["words"]
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
