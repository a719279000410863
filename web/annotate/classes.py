"""Classes of a gallery: listed, renamed, merged and split; whoever saw another state of a class is told first."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Case, CharField, Count, F, Max, Q, QuerySet, Sum, When
from django.utils.translation import gettext as _

from datasets.errors import InputError
from web.annotate import formerly, labels
from web.annotate.labels import Outcome
from web.annotate.models import Change, Step
from web.annotate.naming import cleaned
from web.galleries.models import NO_CLASS, Gallery, Picture

CALLED = Case(When(label="", then=F("category")), default=F("label"), output_field=CharField())
_IS_THERE = Q(state=Picture.State.THERE)
_FACTS = {
    "count": Count("pk"),
    "away": Count("pk", filter=~_IS_THERE),
    "sorted": Count("pk", filter=~Q(label="")),
    "seen": Max("pk", filter=_IS_THERE),
    "cover": Max("pk"),
    "changes": Sum("revision"),
}
_OFFERED = 1000  # names


class ChangedMeanwhile(InputError):
    """Somebody changed what one is about to change; nothing was done."""

    status = 409


@dataclass(frozen=True)
class Class:
    """A class of a gallery.

    name : "" for pictures without a class, - for those that people said to be of none
    count : its pictures; away : how many of them cannot be read or are gone, which nobody can sort now
    sorted : how many of its pictures people said to be of it; of the others only the folder says so
    cover : the number of one of its pictures
    state : changes with every change of the class; who changes it says which state they saw
    """

    name: str
    count: int
    away: int
    sorted: int
    cover: int
    state: str

    @property
    def there(self) -> int:
        """How many can be seen."""
        return self.count - self.away

    @property
    def is_real(self) -> bool:
        """Whether it is a class, and not what has none."""
        return self.name not in ("", NO_CLASS)


def of_class(gallery: Gallery, name: str) -> QuerySet[Picture]:
    """The pictures of a class, as people said or else as the folder says; of "" those without a class."""
    by_folder = Q(label="", category=name)
    return gallery.pictures.filter(Q(label=name) | by_folder if name else by_folder)


def all_classes(gallery: Gallery) -> list[Class]:
    """All that there are, by name."""
    grouped = gallery.pictures.values(called=CALLED).order_by("called")
    return [_class(row) for row in grouped.annotate(**_FACTS)]


def one_class(gallery: Gallery, name: str) -> Class:
    """The class ``name``; raises InputError, saying what became of it, where there is none."""
    its = of_class(gallery, name).aggregate(**_FACTS)
    if not its["count"]:
        raise InputError(_("there is no class %(name)s%(why)s") % {"name": name, "why": _became(gallery, name)})
    return _class({"called": name, **its})


def _class(row: Mapping[str, object]) -> Class:
    state = f"{row['count']}-{row['changes']}"
    numbers = (int(row[name]) for name in ("count", "away", "sorted"))
    return Class(str(row["called"]), *numbers, int(row["seen"] or row["cover"]), state)


@transaction.atomic
def rename(gallery: Gallery, who: AbstractBaseUser, old: str, new: str, state: str = "") -> Outcome:
    """Call the class ``old`` ``new``, which no class is called yet.

    state : that one saw, as ``Class.state``; "" where any will do
    Raises ChangedMeanwhile where it is another by now, InputError for what cannot be.
    """
    name = cleaned(new)
    labels.lock(gallery)
    _check(gallery, old, state)
    if name == old:
        raise InputError(_("the class is called %(name)s already") % {"name": name})
    if of_class(gallery, name).exists():
        raise InputError(_("there is a class %(name)s already: merge the two instead") % {"name": name})
    return _whole(gallery, who, Change.Kind.RENAME, old, name)


@transaction.atomic
def merge(gallery: Gallery, who: AbstractBaseUser, one: str, into: str, state: str = "") -> Outcome:
    """Put all pictures of the class ``one`` into the class ``into``; else as ``rename``."""
    name = cleaned(into)
    labels.lock(gallery)
    if name == one:
        raise InputError(_("%(name)s cannot be merged into itself: name another class") % {"name": name})
    _check(gallery, one, state)
    one_class(gallery, name)
    return _whole(gallery, who, Change.Kind.MERGE, one, name)


@transaction.atomic
def split(gallery: Gallery, who: AbstractBaseUser, one: str, new: str, seen: Mapping[int, int]) -> Outcome:
    """Make pictures of the class ``one`` a class of their own, which is called ``new``.

    seen : as in ``labels.assign``; a picture that left the class meanwhile is a clash
    Raises InputError where they are all of it, or none, or where ``new`` is there already.
    """
    name = cleaned(new)
    labels.lock(gallery)
    its = one_class(gallery, one)
    if of_class(gallery, name).exists():
        raise InputError(_("there is a class %(name)s already: move the pictures there instead") % {"name": name})
    if len(seen) >= its.count and not of_class(gallery, one).exclude(pk__in=seen).exists():
        raise InputError(_("these are all pictures of %(name)s: rename it instead") % {"name": one})
    outcome = labels.assign(gallery, who, name, seen, Change.Kind.SPLIT)
    if outcome.change:
        Change.objects.filter(pk=outcome.change.pk).update(subject=one)
    return outcome


def _check(gallery: Gallery, name: str, state: str) -> None:
    its = one_class(gallery, name)
    if not its.is_real:
        raise InputError(_("pictures without a class have no name to change: choose some and give them one"))
    if state and state != its.state:
        last = Step.objects.filter(picture__in=of_class(gallery, name)).select_related("change").last()
        told = {"name": name, "who": last.change.name if last else _("somebody")}
        raise ChangedMeanwhile(_("%(who)s changed %(name)s since you saw it: look, and do it again if you like") % told)


def _whole(gallery: Gallery, who: AbstractBaseUser, kind: str, old: str, name: str) -> Outcome:
    pictures = list(of_class(gallery, old))
    change = labels.record(gallery, who, kind, pictures, name, subject=old, target=name)
    return Outcome(change, tuple(one.pk for one in pictures))


def _became(gallery: Gallery, name: str) -> str:
    """Who renamed or merged a class, and what it is called now; "" where nobody did."""
    last = formerly.became(gallery, name)
    if last is None:
        return ""
    return _(" any more: %(who)s made it %(name)s") % {"who": last.name, "name": last.target}


def names(gallery: Gallery) -> list[str]:
    """The names of all classes, the first 1,000, to be offered where one is typed."""
    said = gallery.pictures.order_by().values_list(CALLED, flat=True).distinct()
    return sorted({name for name in said[: _OFFERED + 2] if name not in ("", NO_CLASS)})[:_OFFERED]
