"""The words of a sentence, in the way that the script of each stretch of it asks for."""

import functools
import importlib.util
import logging
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import regex

from datasets.errors import InputError
from datasets.words.stretches import Stretch, stretches

if TYPE_CHECKING:
    from nltk.tokenize import NLTKWordTokenizer

WAYS = ("characters", "jieba", "spaces")
"""How what is written without spaces is parted: by characters; Chinese by the segmenter jieba, and the rest by
characters; or, as programs for English do, at spaces alone."""

_CHARACTER = regex.compile(r"\X")  # with its marks: a syllable of Thai, kana with their dakuten


def words(sentence: str, way: str = "characters") -> list[str]:
    """The words of ``sentence`` in lower case, punctuation apart.

    way : one of WAYS, see there; emoji are a word each unless it is "spaces"

    What is written with spaces is parted as NLTK's tokenizer does, and gives the same words in every way.
    """
    sentence = sentence.lower()
    if way == "spaces":
        return _tokenizer().tokenize(sentence)
    found = stretches(sentence)
    if len(found) == 1 and found[0].kind == "spaced":
        return _tokenizer().tokenize(found[0].text)
    return [word for stretch in found for word in _of(stretch, way)]


def is_punctuation(word: str) -> bool:
    """Whether every letter of ``word`` is a mark of punctuation."""
    return all(unicodedata.category(letter).startswith("P") for letter in word)


def check(way: str, who: str) -> None:
    """Raises InputError, saying ``who`` wants it, for a way that there is not, or whose library is not installed."""
    if way not in WAYS:
        raise InputError(f"{who}: there is no way '{way}' to part words; choose {', '.join(WAYS)}")
    if way == "jieba" and importlib.util.find_spec("jieba") is None:
        raise InputError(f"{who}: needs the segmenter jieba, which is not installed; pip install '.[chinese]'")


def _of(stretch: Stretch, way: str) -> Sequence[str]:
    if stretch.kind == "spaced":
        return _between(stretch.text)
    if stretch.kind in ("emoji", "mark"):
        return [stretch.text]
    if stretch.kind == "han" and way == "jieba":
        return _segmenter().lcut(stretch.text)
    return _CHARACTER.findall(stretch.text)


@functools.lru_cache(1 << 14)
def _between(text: str) -> tuple[str, ...]:
    """The words of what stands between stretches: a mark, a number, a name, the same ones again and again."""
    return tuple(_tokenizer().tokenize(text))


@functools.cache
def _tokenizer() -> "NLTKWordTokenizer":
    from nltk.tokenize import NLTKWordTokenizer  # with all of NLTK, which takes a second

    return NLTKWordTokenizer()


@functools.cache
def _segmenter() -> Any:
    check("jieba", "words of Chinese")
    import jieba  # reads a dictionary, which takes a second

    jieba.setLogLevel(logging.WARNING)
    return jieba.Tokenizer()
