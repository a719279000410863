"""Shown: what a page shows of an answer and of a question: tiles, chips, and the links that change the question."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse

from web.galleries.models import Gallery, Picture
from web.search import link
from web.search.question import Hit, Part, Question


@dataclass(frozen=True)
class Tile:
    """A picture that was found.

    width, height : of the upright picture, 0 where unknown
    alike, plus, minus, of_class : links to the questions with it alone, with it too, without it, of its class
    """

    number: int
    path: str
    category: str
    width: int
    height: int
    score: float
    inliers: int | None
    alike: str
    plus: str
    minus: str
    of_class: str


@dataclass(frozen=True)
class Chip:
    """A part of the question: a sentence, or a picture with its small and large address.

    turn, remove : links to the questions with its other sign, and without it
    crop_link : that with a part of it, where CROP stands for x,y,width,height
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


def tiles(gallery: Gallery, question: Question, hits: Sequence[Hit]) -> list[Tile]:
    """The tiles of pictures that were found, in their order; one that the database does not know any more has none."""
    about = gallery.pictures.in_bulk([hit.picture for hit in hits])
    links = _Links(gallery, question)
    return [links.tile(about[hit.picture], hit) for hit in hits if hit.picture in about]


def tile(gallery: Gallery, picture: Picture, question: Question) -> Tile:
    """The tile of one picture, without a score."""
    return _Links(gallery, question).tile(picture, Hit(picture.pk, 0.0))


class _Links:
    """Links that change a question, made once for all tiles."""

    def __init__(self, gallery: Gallery, question: Question) -> None:
        self._here = reverse("search:page", args=[gallery.slug])
        self._more = self._here + _open(question)
        self._alone = self._here + _open(replace(question, parts=()))

    def tile(self, picture: Picture, hit: Hit) -> Tile:
        about = (picture.pk, picture.path, picture.called, picture.width, picture.height, hit.score, hit.inliers)
        number = picture.pk
        alike, plus = f"{self._alone}like={number}", f"{self._more}like={number}"
        return Tile(*about, alike, plus, f"{self._more}unlike={number}", self._of_class(picture.called))

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
    small, large = addresses(gallery, part)
    rest = link.without_part(question, place)
    crop = "" if part.crop is None else ",".join(f"{share:.4g}" for share in part.crop)
    its = {"picture": small, "large": large, "crop": crop, "crop_link": here + crop_link(rest, part)}
    return Chip(str(part.value), part.sign > 0, **links, **its)


def addresses(gallery: Gallery, part: Part) -> tuple[str, str]:
    """Where the picture of a part is shown, small and large."""
    if part.kind == "upload":
        sent = reverse("search:uploaded", args=[gallery.slug, part.value])
        return sent, sent
    return _address("thumb", part.value), _address("large", part.value)


def _address(size: str, number: object) -> str:
    try:
        return reverse(f"galleries:{size}", args=[number])
    except NoReverseMatch:
        return ""


def crop_link(rest: Question, part: Part) -> str:
    """The link to ``rest`` and a part of the picture, where CROP stands for which."""
    name, which = link.parameters(Question((replace(part, crop=None),)))[0]
    return f"{_open(rest)}{name}={which}@CROP"
