"""Stretches: a sentence as parts of one way of writing each: with spaces between words, without, and emoji."""

import unicodedata
from collections.abc import Iterator
from typing import Literal, NamedTuple

import regex

Kind = Literal["spaced", "han", "japanese", "syllables", "emoji", "mark"]

_KANA = r"\p{Script=Hiragana}\p{Script=Katakana}ー"
_HAN = r"\p{Script=Han}\p{Script=Bopomofo}"
_SYLLABLES = (
    r"\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tai_Tham}\p{Script=New_Tai_Lue}"
    r"\p{Script=Tai_Le}\p{Script=Tai_Viet}"
)
_PICTOGRAPH = r"[\p{Extended_Pictographic}--[©®™‼⁉ℹ]]"  # as letters, as in Lego™, they are no pictures
_JOINED = rf"{_PICTOGRAPH}[\uFE0E\uFE0F\p{{Emoji_Modifier}}]*[\U000E0020-\U000E007F]*"
_EMOJI = rf"\p{{Regional_Indicator}}{{2}}|[0-9#*]\uFE0F?\u20E3|{_JOINED}(?:\u200D{_JOINED})*"
_WIDE_MARKS = "！（），：；？［］｛｝～"  # always apart, where a comma before a number would not be
_MARKS = rf"[\u3001-\u303F\u30FB{_WIDE_MARKS}]"  # of East Asian print; scripts claim the few letters among them first

_STRETCH = regex.compile(
    rf"(?P<emoji>{_EMOJI})|(?P<han>[{_HAN}{_KANA}][{_HAN}{_KANA}\p{{M}}\u200C\u200D]*)"
    rf"|(?P<syllables>[{_SYLLABLES}][{_SYLLABLES}\p{{M}}\u200C\u200D]*)|(?P<mark>{_MARKS})",
    regex.V1,
)
_KANA_LETTER = regex.compile(r"[\p{Script=Hiragana}\p{Script=Katakana}]", regex.V1)
_WIDE = regex.compile(rf"[[\uFF01-\uFFEE\u3000]--[{_WIDE_MARKS}]]+", regex.V1)  # and the full width space
_OPEN = regex.compile(r"[\u200B\u2060\uFEFF]")  # show where a word may end, or may not, and are no letters
_VARIANTS = regex.compile(r"[\uFE00-\uFE0F\U000E0100-\U000E01EF]")  # the same letter or emoji, drawn otherwise


class Stretch(NamedTuple):
    """A part of a sentence: ``kind`` says how it is written.

    spaced : with spaces between words, as Latin and Korean are; han : Chinese; japanese : kanji and kana
    syllables : Thai, Lao, Khmer, Burmese and their kin; emoji : one; mark : one of East Asian punctuation
    """

    kind: Kind
    text: str


def stretches(sentence: str) -> list[Stretch]:
    """The stretches of ``sentence`` in order.

    A sentence with anything that is not spaced has its full and half width forms replaced by usual ones, and its
    stretches without spaces are composed (NFC); one that is spaced throughout comes back as it is. Chinese signs are
    taken for Japanese in a sentence that has kana.
    """
    if sentence.isascii():
        return [Stretch("spaced", sentence)]
    plain = _WIDE.sub(lambda found: unicodedata.normalize("NFKC", found[0]), sentence)
    if plain == sentence and not _STRETCH.search(sentence):
        return [Stretch("spaced", sentence)]
    return list(_parted(_OPEN.sub(" ", plain)))


def _parted(sentence: str) -> Iterator[Stretch]:
    han: Kind = "japanese" if _KANA_LETTER.search(sentence) else "han"
    place = 0
    for found in _STRETCH.finditer(sentence):
        if found.start() > place:
            yield Stretch("spaced", sentence[place : found.start()])
        kind = han if found.lastgroup == "han" else found.lastgroup
        form = "NFKC" if kind == "mark" else "NFC"
        yield Stretch(kind, _VARIANTS.sub("", unicodedata.normalize(form, found[0])))
        place = found.end()
    if place < len(sentence):
        yield Stretch("spaced", sentence[place:])
