"""Labels: a picture gets a class, or loses it; whoever saw an older state than the database has is told, not obeyed.

Each function is one transaction. People who change one gallery at once wait for each other, milliseconds.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from datasets.errors import InputError
from web.annotate import formerly
from web.annotate.models import Change, Pair, Step
from web.annotate.naming import cleaned
from web.galleries.models import NO_CLASS, Gallery, Picture

_AT_ONCE = 500  # rows in one statement; SQLite takes no more than some thousand values


@dataclass(frozen=True)
class Clash:
    """A picture, or a pair, that somebody changed since one saw it; it stays as they left it.

    wanted : what one said of it
    name, when : who changed it; "" and None where no change of people is known
    """

    item: Picture | Pair
    wanted: str
    name: str
    when: datetime | None


@dataclass(frozen=True)
class Outcome:
    """What came of a change.

    change : what is in the log, None where nothing had to be done
    done : numbers of the pictures, or pairs, that now are as was wanted
    formerly : how a class of the name became another one, where the name now begins a new class
    """

    change: Change | None
    done: tuple[int, ...]
    clashes: tuple[Clash, ...] = ()
    formerly: Change | None = None


@transaction.atomic
def assign(
    gallery: Gallery, who: AbstractBaseUser, name: str, seen: Mapping[int, int], kind: str = "assign"
) -> Outcome:
    """Say that pictures are of the class ``name``: accept a proposal, or move them out of another class.

    seen : the revision of each picture, by its number, as it was when one decided
    A picture that somebody gave another label since then is a clash; the others are done. A name that a class had which
    was renamed or merged since begins a class anew, and the outcome tells of it. Raises InputError for a name that is
    none, no pictures, or such as are not in the gallery.
    """
    return _label(gallery, who, cleaned(name), seen, kind)


@transaction.atomic
def reject(gallery: Gallery, who: AbstractBaseUser, seen: Mapping[int, int]) -> Outcome:
    """Say that pictures are of no class, whatever was proposed and whatever their folder says; else as ``assign``."""
    return _label(gallery, who, NO_CLASS, seen, Change.Kind.REJECT)


def _label(gallery: Gallery, who: AbstractBaseUser, name: str, seen: Mapping[int, int], kind: str) -> Outcome:
    if not seen:
        raise InputError(_("no pictures are chosen: choose some"))
    lock(gallery)
    found = {one.pk: one for part in parted(seen) for one in gallery.pictures.filter(pk__in=part)}
    if strange := seen.keys() - found.keys():
        raise InputError(_("picture %(number)d is not in this gallery") % {"number": min(strange)})
    other = [one for one in found.values() if one.label != name]
    stale = [one for one in other if one.revision != seen[one.pk]]
    fresh = [one for one in other if one.revision == seen[one.pk]]
    target = "" if name == NO_CLASS else name
    before = formerly.became(gallery, name) if fresh and target else None
    change = record(gallery, who, kind, fresh, name, target=target) if fresh else None
    passed = {one.pk for one in stale}
    done = tuple(number for number in seen if number not in passed)
    return Outcome(change, done, tuple(clashes(stale, name)), before)


def lock(gallery: Gallery) -> None:
    """Wait until nobody else changes the gallery, and let nobody until the transaction ends."""
    Gallery.objects.select_for_update(no_key=True).get(pk=gallery.pk)  # SQLite locks whole, as the settings say


def record(
    gallery: Gallery, who: AbstractBaseUser, kind: str, pictures: Sequence[Picture], label: str, **classes: str
) -> Change:
    """Give pictures a label, and write it down; classes : subject and target of the change."""
    change = log(gallery, who, kind, **classes)
    steps = (Step(change=change, picture=one, before=one.label, after=label) for one in pictures)
    Step.objects.bulk_create(steps, batch_size=_AT_ONCE)
    relabel((one.pk for one in pictures), label)
    return change


def log(gallery: Gallery, who: AbstractBaseUser, kind: str, **facts: object) -> Change:
    """A change, written down, without its steps."""
    return Change.objects.create(gallery=gallery, who=who, name=who.get_username(), kind=kind, **facts)


def relabel(numbers: Iterable[int], label: str) -> None:
    """Give pictures a label and their next revision."""
    for part in parted(numbers):
        Picture.objects.filter(pk__in=part).update(label=label, revision=F("revision") + 1)


def parted(numbers: Iterable[int]) -> Iterator[tuple[int, ...]]:
    """The same, in parts that one statement takes."""
    rest = iter(numbers)
    while part := tuple(islice(rest, _AT_ONCE)):
        yield part


def clashes(items: Sequence[Picture] | Sequence[Pair], wanted: str) -> Iterator[Clash]:
    """A clash each, with who changed it last."""
    last: dict[int, Change] = {}
    column = "pair" if items and isinstance(items[0], Pair) else "picture"
    for part in parted(item.pk for item in items):
        steps = Step.objects.filter(**{f"{column}__in": part}).select_related("change")
        last |= {getattr(step, f"{column}_id"): step.change for step in steps}
    for item in items:
        change = last.get(item.pk)
        yield Clash(item, wanted, change.name if change else "", change.when if change else None)
