"""Adding of a gallery: what it is called, where its pictures are, which network embeds them; then it is refreshed."""

import os
from collections.abc import Mapping

from django.db import transaction
from django.db.models import QuerySet
from django.utils.text import slugify

from datasets.errors import InputError
from web.galleries.models import Gallery, Version
from web.galleries.sources import opened
from web.galleries.work import jobs
from web.serving import network
from web.serving.network import Spec

# Where none is named: weights that pip brings, seen as docs/instances.md found best for photographs.
USUAL = {"use_pretrained": "efficientnet_lite0", "pool": "gem", "image_size": "480", "resize": "own"}

_SEEN = ("pool", "image_size", "resize", "multiscale", "whitening")  # fields of a Spec that are as they are given
_LONGEST = 60  # characters of a slug, without the number that may come behind it


def add(name: str, source: str, spec: Spec) -> Gallery:
    """Add a gallery and have it embedded.

    source : a folder, an archive, a list or a vectors file
    Raises InputError where that, or the network, is not there, or where another has both and no name tells them apart.
    """
    place = _place(source)
    if not place:
        raise InputError(f"a gallery needs a source: name {opened.TAKEN}")
    if not name.strip() and (other := _of(place, spec).first()):
        raise InputError(
            f"{place} is there already, as gallery {other.gallery.slug}: refresh that, or give another name"
        )
    opened.source(place)
    facts = network.opened(spec).facts
    name = " ".join(name.split()) or os.path.basename(place)
    with transaction.atomic():
        called = {"slug": _slug(name), "name": _printable(name)[:200]}
        gallery = Gallery.objects.create(**called, source=place, geometry=facts.similarity == "cosine")
        told = {"dim": facts.dim, "similarity": facts.similarity}
        Version.objects.create(gallery=gallery, number=1, network=str(spec), **told)
        jobs.add(gallery, "refresh")
    return gallery


def is_there(source: str, spec: Spec) -> bool:
    """Whether a gallery has that source, embedded by that network, or is to have it."""
    return _of(_place(source), spec).exists()


def _of(place: str, spec: Spec) -> QuerySet[Version]:
    return Version.objects.filter(gallery__source=place, network=str(spec)).select_related("gallery")


def spec(words: Mapping[str, str]) -> Spec:
    """The network that flags or the fields of a page name: a run, or a model, which may be an ONNX file.

    Where they name none it is the usual one. Raises InputError where they name two.
    """
    if not any(words.get(name, "").strip() for name in ("run", "model", "use_pretrained")):
        words = {**USUAL, **{name: word for name, word in words.items() if word}}
    run, model = words.get("run", "").strip(), words.get("model", "").strip()
    weights = words.get("use_pretrained", "").strip()
    if run and (model or weights):
        raise InputError("a gallery has one network: name either a run, or a model or its pretrained weights")
    kind = "run" if run else "onnx" if model.lower().endswith(".onnx") else "trunk"
    path = os.path.abspath(os.path.expanduser(run or model)) if kind != "trunk" else ""
    if path and not os.path.exists(path):
        raise InputError(f"{path} is not there: name a run folder, such as runs/demo, or an ONNX file")
    more = {name: words.get(name, "").strip() for name in _SEEN}
    named = {"model": model, "use_pretrained": weights} if kind == "trunk" else {}
    return Spec(kind, path=path, checkpoint=words.get("checkpoint") or "best", **named, **more)


def called(spec: Spec) -> str:
    """A network in a few words."""
    return os.path.basename(spec.path) or " ".join(filter(None, (spec.model, spec.use_pretrained)))


def _place(source: str) -> str:
    return os.path.abspath(os.path.expanduser(source.strip())) if source.strip() else ""


def _printable(name: str) -> str:
    return name.encode("utf-8", "replace").decode().replace("\0", "")


def _slug(name: str) -> str:
    """One that no other gallery has."""
    start = slugify(_printable(name))[:_LONGEST].strip("-_") or "gallery"
    taken = set(Gallery.objects.filter(slug__startswith=start).values_list("slug", flat=True))
    return next(slug for slug in (start, *(f"{start}-{n}" for n in range(2, len(taken) + 3))) if slug not in taken)
