"""Link: a question as the parameters of an address, and back.

    q=two dogs  not=snow            sentences, with plus and minus
    like=12     unlike=12           pictures of the gallery, by their number
    like=u3f..                      pictures that were sent, by their hash
    like=s3f..                      sketches that were sent, likewise
    like=12@0.1,0.2,0.5,0.5         a part of one: x, y, width, height as shares of it
    class=dogs  folder=2019/may  since=2019-05-01  until=2019-05-31  tag=best  rerank=geometry

All but folder, since, until and rerank may stand several times; an empty one is none.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from urllib.parse import urlencode

from django.http import QueryDict

from datasets.errors import InputError
from web.search.question import Filter, Part, Question

MOST_PARTS = 64  # of a question
MOST_LETTERS = 1000  # of a sentence
_SIGNS = {"q": 1, "not": -1, "like": 1, "unlike": -1}
_PICTURE = re.compile(r"(?:(\d{1,18})|([us])([0-9a-f]{32}))(?:@(.*))?")
_SENT = {"u": "upload", "s": "sketch"}

Parameters = list[tuple[str, str]]


def read(parameters: QueryDict) -> Question:
    """The question that parameters hold; others than those of the table are passed over.

    Raises InputError, which names the parameter, where one cannot be read.
    """
    parts = [_part(name, text.strip()) for name, texts in parameters.lists() for text in texts if _asks(name, text)]
    if len(parts) > MOST_PARTS:
        raise InputError(f"{len(parts)} pictures and sentences ask at once; {MOST_PARTS} at most")
    return Question(tuple(parts), _filter(parameters), parameters.get("rerank", "").strip())


def parameters(question: Question) -> Parameters:
    """The parameters that hold ``question``; raises InputError for one with a vector, which no link holds."""
    which = question.filter
    asked = [*map(_written, question.parts), *(("class", name) for name in which.categories)]
    asked += [("folder", which.folder), ("since", _day(which.since)), ("until", _day(which.until))]
    asked += [*(("tag", name) for name in which.tags), ("rerank", question.rerank)]
    return [(name, text) for name, text in asked if text]


def write(question: Question, **more: object) -> str:
    """``?`` and the parameters, or "" where nothing is asked for; ``more`` are others, such as first."""
    asked = [*parameters(question), *((name, str(value)) for name, value in more.items())]
    return f"?{urlencode(asked)}" if asked else ""


def with_part(question: Question, part: Part) -> Question:
    """The question with one more part; the same thing with another sign or crop is replaced by it."""
    kept = [one for one in question.parts if (one.kind, one.value) != (part.kind, part.value)]
    return replace(question, parts=(*kept, part))


def without_part(question: Question, place: int) -> Question:
    """The question without its part number ``place``, from 0 on."""
    return replace(question, parts=(*question.parts[:place], *question.parts[place + 1 :]))


def turned(question: Question, place: int) -> Question:
    """The question in which part number ``place`` has the other sign."""
    part = question.parts[place]
    return replace(question, parts=_put(question.parts, place, replace(part, sign=-part.sign)))


def _put(parts: Sequence[Part], place: int, part: Part) -> tuple[Part, ...]:
    return (*parts[:place], part, *parts[place + 1 :])


def _asks(name: str, text: str) -> bool:
    return name in _SIGNS and bool(text.strip())


def _part(name: str, text: str) -> Part:
    sign = _SIGNS[name]
    if name in ("q", "not"):
        if len(text) > MOST_LETTERS:
            raise InputError(f"{name}: a sentence of {len(text):,} letters; {MOST_LETTERS:,} at most")
        return Part("sentence", text, sign)
    found = _PICTURE.fullmatch(text)
    if not found:
        raise InputError(f"{name}={text[:80]}: is no picture; give the number of one, such as {name}=12")
    number, kind, sent, crop = found.groups()
    its = _crop(f"{name}={text[:80]}", crop) if crop else None
    return Part(_SENT[kind], sent, sign, its) if sent else Part("picture", int(number), sign, its)


def _crop(given: str, text: str) -> tuple[float, float, float, float]:
    """Raises InputError where it is no part of a picture."""
    try:
        x, y, width, height = (float(word) for word in text.split(","))
    except ValueError:
        raise InputError(f"{given}: give a crop as x,y,width,height, in shares of the picture from 0 to 1") from None
    if not all(map(math.isfinite, (x, y, width, height))) or not (0 <= x < 1 and 0 <= y < 1 and width > 0 < height):
        raise InputError(f"{given}: the crop holds nothing of the picture; draw a larger one")
    return x, y, min(width, 1 - x), min(height, 1 - y)


def _filter(parameters: QueryDict) -> Filter:
    return Filter(
        categories=_all(parameters.getlist("class")),
        folder=parameters.get("folder", "").strip().strip("/"),
        since=_date("since", parameters.get("since", "")),
        until=_date("until", parameters.get("until", "")),
        tags=_all(parameters.getlist("tag")),
    )


def _all(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text.strip()))


def _date(name: str, text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise InputError(f"{name}={text[:40]}: is no day; give it as 2024-12-31") from None


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _written(part: Part) -> tuple[str, str]:
    if part.kind == "vector":
        raise InputError("a vector asks, which no link holds; ask with a picture or a sentence")
    if part.kind == "sentence":
        return ("q" if part.sign > 0 else "not"), str(part.value)
    crop = "" if part.crop is None else "@" + ",".join(f"{share:.4g}" for share in part.crop)
    which = f"{part.kind[0]}{part.value}" if part.kind in _SENT.values() else part.value
    return ("like" if part.sign > 0 else "unlike"), f"{which}{crop}"
