"""The words of a sentence, in the way that the script of each stretch of it asks for."""

import functools
import importlib.util
import logging
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
    return [word for stretch in stretches(sentence) for word in _of(stretch, way)]


def check(way: str, flag: str = "--split-words") -> None:
    """Raises InputError, naming ``flag``, for a way that there is not, or one whose library is not installed."""
    if way not in WAYS:
        raise InputError(f"{flag}={way}: there is no such way to part words; choose {', '.join(WAYS)}")
    if way == "jieba" and importlib.util.find_spec("jieba") is None:
        raise InputError(f"{flag}=jieba: the segmenter jieba is not installed; pip install '.[chinese]'")


def _of(stretch: Stretch, way: str) -> list[str]:
    if stretch.kind == "spaced":
        return _tokenizer().tokenize(stretch.text)
    if stretch.kind in ("emoji", "mark"):
        return [stretch.text]
    if stretch.kind == "han" and way == "jieba":
        return _segmenter().lcut(stretch.text)
    return _CHARACTER.findall(stretch.text)


@functools.cache
def _tokenizer() -> "NLTKWordTokenizer":
    from nltk.tokenize import NLTKWordTokenizer  # with all of NLTK, which takes a second

    return NLTKWordTokenizer()


@functools.cache
def _segmenter() -> Any:
    check("jieba")
    import jieba  # reads a dictionary, which takes a second

    jieba.setLogLevel(logging.WARNING)
    return jieba.Tokenizer()
