"""Uploads: a picture that somebody sent, looked at before anything decodes it.

What may come in is a short list of formats, which hold a picture and nothing else: no document (SVG, PDF), no archive,
no script, not in the picture's texts either. What is kept and shown is another file, made of its pixels.
"""

import re
import zipfile
from io import BytesIO
from pathlib import PurePosixPath

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from datasets.decoding import header
from datasets.images import pixels
from web.safety.refusals import Refused

# By what a file of each begins with.
_FORMATS = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|GIF8[79]a|RIFF....WEBP|BM|II\*\0|MM\0\*"
    rb"|....ftyp(?:avif|avis|hei[cmsx]|hev[cmsx]|mif1|msf1)",
    re.DOTALL,
)
# What makes a browser, or a server that runs PHP, see something else than a picture; in UTF-16 as EXIF has its texts.
# All begin with the same sign, so that the search jumps from one to the next: 20 times as fast in a large picture.
_ACTIVE = re.compile(rb"<(?i:(?:script|html|!doctype|iframe|object|embed|body)[\s>/]|\?php\s|\0s\0c\0r\0i\0p\0t\0)")
_HALT = b"__HALT_COMPILER"
_COMMENT = re.compile(rb"(?:GIF8[79]a|BM|\xff\xd8\xff.)/\*", re.DOTALL)  # a size that begins a comment of JavaScript
_SCANS = 100  # of a JPEG: a progressive one has about ten, and each takes as long as a whole picture


def checked(file: UploadedFile) -> bytes:
    """The bytes of a picture that a form brought; raises Refused."""
    data = file.read()
    check(data, file.name or "", file.content_type or "")
    return data


def check(data: bytes, name: str, declared: str = "") -> None:
    """Raises Refused, with 400, 413 or 415, where ``data`` is nothing to be decoded.

    name : what the refusal calls it; only the last part of a path is said
    declared : the content type that came with it, "" for none
    """
    called = _called(name)
    kind = declared.partition(";")[0].strip().lower()
    if kind and (not kind.startswith("image/") or kind == "image/svg+xml") and kind != "application/octet-stream":
        raise Refused(_("%(name)s: was sent as %(kind)s, not as a picture") % {"name": called, "kind": kind[:50]}, 415)
    if not data:
        raise Refused(_("%(name)s: is empty") % {"name": called}, 400)
    if not _FORMATS.match(data):
        told = _(
            "%(name)s: is no picture of a kind that is taken; send a JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF or HEIC"
        )
        raise Refused(told % {"name": called}, 415)
    if why := _wrong(data):
        raise Refused(f"{called}: {why}", 400)
    _check_size(data, called)


def _wrong(data: bytes) -> str:
    """Why a file that begins like a picture is not taken, "" where it is."""
    if _ACTIVE.search(data) or _HALT in data or _COMMENT.match(data):
        return _("holds a script or a page besides its picture; save it anew, without its texts")
    if b"%PDF-" in data[:1024] or (b"PK\5\6" in data[-65_557:] and zipfile.is_zipfile(BytesIO(data))):
        return _("is a document or an archive besides a picture; save it anew")
    if data[:2] == b"\xff\xd8" and data.count(b"\xff\xda") > _SCANS:
        return _("takes too long to decode; save it anew")
    return ""


def _check_size(data: bytes, called: str) -> None:
    (width, height), most = header.size(data), settings.LIMITS["pixels"]
    if pixels.lacks_heif(data):
        told = _("%(name)s: is HEIC, which takes the package pillow-heif on the server; send a JPEG")
        raise Refused(told % {"name": called}, 415)
    if not width * height:
        raise Refused(_("%(name)s: is damaged at its start") % {"name": called}, 400)
    if width * height > most:
        told = _("%(name)s: has %(count)d million pixels, and %(most)d million are taken")
        about = {"name": called, "count": width * height // 10**6, "most": most // 10**6}
        raise Refused(told % about, 413)


def _called(name: str) -> str:
    last = PurePosixPath(name.replace("\\", "/")).name
    return "".join(one if one.isprintable() else "?" for one in last[-100:]) or _("the picture")
