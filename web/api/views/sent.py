"""Sent: pictures that a request brings, as its body or as files of a form, looked at and embedded as they are."""

from django.http import HttpRequest

from datasets.errors import InputError
from datasets.images.pixels import Unreadable
from web.api.shapes.read import read
from web.api.shapes.words import from_words
from web.api.views.asked import Crop, FormAsked, LinkAsked, SentAsked
from web.galleries.served import Served
from web.safety import uploads as safety
from web.search import uploads
from web.search.question import Part

FORM = "multipart/form-data"
MOST = 16  # pictures of a form


def is_form(request: HttpRequest) -> bool:
    """Whether the pictures are files of a form."""
    return request.content_type == FORM


def asked(request: HttpRequest, its: Served, query: SentAsked) -> tuple[LinkAsked, list[Part]]:
    """What the fields, or else the address, ask, and a part for each picture; raises InputError for what is none.

    its : what is to answer as well: a vector means nothing to another network
    """
    if not is_form(request):
        crop = _crop(query.crop)
        return query, [_part(its, picture(request), "the picture", 1, crop, query)]
    fields = from_words(FormAsked, request.POST)
    files = [(name, one) for name in request.FILES for one in request.FILES.getlist(name)]
    if not 1 <= len(files) <= MOST or not set(request.FILES) <= {"plus", "minus"}:
        raise InputError(f"send from 1 to {MOST} files, as plus or as minus: curl -F plus=@photo.jpg")
    signs = {"plus": 1, "minus": -1}
    parts = [_part(its, safety.checked(file), file.name, signs[name], None, fields) for name, file in files]
    return fields, parts


def picture(request: HttpRequest) -> bytes:
    """The body, where it is a picture; raises Refused."""
    safety.check(request.body, "the picture", request.content_type)
    return request.body


def _part(its: Served, data: bytes, name: str, sign: int, crop: Crop | None, asked: SentAsked | FormAsked) -> Part:
    """What a picture asks: its vector, or where local features are compared too, the picture, which is then kept.

    To embed what came is several times as fast as to keep it first.
    """
    if asked.rerank:
        return Part("sketch" if asked.sketch else "upload", uploads.keep(data, name), sign, crop)
    try:
        vector = (its.network.sketch if asked.sketch else its.network.picture)(data, name, crop)
    except Unreadable as error:
        raise InputError(f"{error.path}: {error.reason}; send another") from None
    return Part("vector", tuple(vector.tolist()), sign)


def _crop(text: str) -> Crop | None:
    """The four shares that a text has; raises InputError."""
    if not text:
        return None
    try:
        return read(Crop, [float(word) for word in text.split(",")], "crop")
    except ValueError:
        raise InputError("crop: must be x,y,width,height as shares of the picture: 0.1,0.2,0.5,0.5") from None
