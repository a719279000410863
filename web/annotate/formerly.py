"""Formerly: what became of a class that is no more: it was renamed, or merged into another."""

from django.db.models import Q

from web.annotate.models import Change
from web.galleries.models import Gallery

_HOPS = 20  # times that a name may lead on to another


def became(gallery: Gallery, name: str) -> Change | None:
    """The change by which the class ``name`` got the name that it has now; None where it is there, or nobody did that.

    What was renamed again since is followed to its last name.
    """
    found, seen = None, {name}
    for _ in range(_HOPS):
        if is_there(gallery, name):
            break
        last = gallery.changes.filter(kind__in=("rename", "merge"), subject=name, undone=False).first()
        if last is None or last.target in seen:
            break
        found, name = last, last.target
        seen.add(name)
    return found


def is_there(gallery: Gallery, name: str) -> bool:
    """Whether a picture is of the class, as people said or else as its folder says."""
    return gallery.pictures.filter(Q(label=name) | Q(label="", category=name)).exists()
