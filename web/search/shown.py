"""Shown: what a page shows of an answer and of a question: tiles, chips, and the links that change the question."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.urls import reverse

from web.galleries.models import NO_CLASS, Gallery, Picture
from web.search import link
from web.search.question import Hit, Part, Question


@dataclass(frozen=True)
class Tile:
    """A picture that was found.

    width, height : of the upright picture, 0 where unknown
    small, large : addresses of it
    page, details : links to it large, alone and without a page around it
    alike, plus, minus, of_class : links to the questions with it alone, with it too, without it, of its class
    """

    number: int
    path: str
    category: str
    width: int
    height: int
    score: float
    inliers: int | None
    small: str
    large: str
    page: str
    details: str
    alike: str
    plus: str
    minus: str
    of_class: str


@dataclass(frozen=True)
class Chip:
    """A part of the question: a sentence, or a picture with its small and large address.

    turn, remove : links to the questions with its other sign, and without it
    crop_link : that with a part of it, where CROP stands for x,y,width,height
    sketch : whether the picture is one
    """

    words: str
    plus: bool
    turn: str
    remove: str
    sentence: str = ""
    picture: str = ""
    large: str = ""
    crop: str = ""
    crop_link: str = ""
    sketch: bool = False


def tiles(gallery: Gallery, question: Question, hits: Sequence[Hit]) -> list[Tile]:
    """The tiles of pictures that were found, in their order; one that the database does not know any more has none."""
    links = _Links(gallery, question)
    known = gallery.pictures.filter(pk__in=[hit.picture for hit in hits]).order_by()
    about = {row[0]: row for row in known.values_list("pk", "path", "label", "category", "width", "height", "content")}
    return [links.tile(hit, *about[hit.picture][1:]) for hit in hits if hit.picture in about]


def tile(gallery: Gallery, picture: Picture, question: Question) -> Tile:
    """The tile of one picture, without a score."""
    about = (picture.path, picture.label, picture.category, picture.width, picture.height, picture.content)
    return _Links(gallery, question).tile(Hit(picture.pk, 0.0), *about)


class _Links:
    """Links that change a question, made once for all tiles."""

    def __init__(self, gallery: Gallery, question: Question) -> None:
        self._slug, self._asked = gallery.slug, link.write(question)
        self._here = reverse("search:page", args=[gallery.slug])
        self._more = self._here + _open(question)
        self._alone = self._here + _open(replace(question, parts=()))

    def tile(self, hit: Hit, path: str, label: str, category: str, width: int, height: int, content: str) -> Tile:
        """Of a picture that was found, and what the database knows of it."""
        number, called = hit.picture, "" if label == NO_CLASS else label or category
        about = (number, path, called, width, height, hit.score, hit.inliers)
        alike, plus = f"{self._alone}like={number}", f"{self._more}like={number}"
        small, large = of_gallery(number, content)
        pages = [numbered(f"search:{name}", number, self._slug) + self._asked for name in ("picture", "details")]
        return Tile(*about, small, large, *pages, alike, plus, f"{self._more}unlike={number}", self._of_class(called))

    def _of_class(self, name: str) -> str:
        return f"{self._here}?{urlencode({'class': name})}" if name else ""


def _open(question: Question) -> str:
    """Its parameters, to which others can be added."""
    asked = link.write(question)
    return f"{asked}&" if asked else "?"


def chips(gallery: Gallery, question: Question, places: Sequence[int]) -> list[Chip]:
    """The chips of the parts at ``places`` of the question."""
    return [_chip(gallery, question, place) for place in places]


def _chip(gallery: Gallery, question: Question, place: int) -> Chip:
    part = question.parts[place]
    here = reverse("search:page", args=[gallery.slug])
    links = {
        "turn": here + link.write(link.turned(question, place)),
        "remove": here + link.write(link.without_part(question, place)),
    }
    if part.kind == "sentence":
        return Chip(str(part.value), part.sign > 0, **links, sentence=str(part.value))
    small, large = _addresses(gallery, part)
    rest = link.without_part(question, place)
    crop = "" if part.crop is None else ",".join(f"{share:.4g}" for share in part.crop)
    its = {"picture": small, "large": large, "crop": crop, "crop_link": here + crop_link(rest, part)}
    return Chip(str(part.value), part.sign > 0, **links, **its, sketch=part.kind == "sketch")


def _addresses(gallery: Gallery, part: Part) -> tuple[str, str]:
    """Where the picture of a part is shown, small and large."""
    if part.kind in ("upload", "sketch"):
        sent = reverse("search:uploaded", args=[gallery.slug, part.value])
        return sent, sent
    return of_gallery(int(part.value))


def of_gallery(number: int, content: str = "") -> tuple[str, str]:
    """Where a picture of a gallery is shown, small and large; with its ``content``, where it never changes."""
    named = f"?v={content[:12]}" if content else ""
    return tuple(numbered(f"galleries:{size}", number) + named for size in ("thumbnail", "large"))


def numbered(name: str, number: int, *before: str) -> str:
    """The address of ``name`` with the words ``before`` and then ``number``, of which a page has hundreds."""
    head, tail = _around(name, *before)
    return f"{head}/{number}/{tail}"


@functools.lru_cache(maxsize=256)
def _around(name: str, *before: str) -> tuple[str, str]:
    head, _, tail = reverse(name, args=[*before, 0]).rpartition("/0/")
    return head, tail


def crop_link(rest: Question, part: Part) -> str:
    """The link to ``rest`` and a part of the picture, where CROP stands for which."""
    name, which = link.parameters(Question((replace(part, crop=None),)))[0]
    return f"{_open(rest)}{name}={which}@CROP"
