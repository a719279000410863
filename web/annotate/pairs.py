"""Pairs: whether two pictures show the same thing, for labels of instances; what is said makes groups."""

from collections import defaultdict
from collections.abc import Iterable

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from datasets.errors import InputError
from web.annotate import labels
from web.annotate.labels import Outcome
from web.annotate.models import Change, Pair, Step
from web.galleries.models import Gallery


@transaction.atomic
def pair(gallery: Gallery, who: AbstractBaseUser, one: int, other: int, told: str, revision: int = 0) -> Outcome:
    """Say of two pictures, by their numbers, that they show the same thing, or not.

    told : same, different, or "" to say nothing any more
    revision : of the pair as one saw it, 0 where nothing was said of it
    A pair of which somebody said something else since then is a clash. Raises InputError for what is no pair.
    """
    if told not in Pair.Told.values:
        raise InputError(_("%(told)s: must be same or different") % {"told": told})
    if one == other:
        raise InputError(_("picture %(number)d is the same as itself: choose two") % {"number": one})
    labels.lock(gallery)
    first, second = sorted((one, other))
    if gallery.pictures.filter(pk__in=(first, second)).count() < 2:
        raise InputError(_("pictures %(first)d and %(second)d are not both in this gallery") % _numbers(first, second))
    its, _made = Pair.objects.get_or_create(first_id=first, second_id=second, defaults={"gallery": gallery})
    if its.told == told:
        return Outcome(None, (its.pk,))
    if its.revision != revision:
        return Outcome(None, (), tuple(labels.clashes([its], told)))
    change = labels.log(gallery, who, Change.Kind.PAIR, target=told)
    Step.objects.create(change=change, pair=its, before=its.told, after=told)
    tell([its.pk], told)
    return Outcome(change, (its.pk,))


def _numbers(first: int, second: int) -> dict[str, int]:
    return {"first": first, "second": second}


def tell(numbers: Iterable[int], told: str) -> None:
    """Write what was said of pairs, and give them their next revision."""
    for part in labels.parted(numbers):
        Pair.objects.filter(pk__in=part).update(told=told, revision=F("revision") + 1)


def groups(gallery: Gallery) -> list[list[int]]:
    """Numbers of pictures that show the same thing, as a chain of pairs says; groups of two and more, by number."""
    leads: dict[int, int] = {}
    for first, second in _told(gallery, Pair.Told.SAME):
        ends = sorted((_lead(leads, first), _lead(leads, second)))
        leads[ends[1]] = ends[0]
    found = defaultdict(list)
    for number in sorted(leads):
        found[_lead(leads, number)].append(number)
    return [found[lead] for lead in sorted(found)]


def contradictions(gallery: Gallery) -> list[tuple[int, int]]:
    """Pairs that are not the same, as people said, and yet are by a chain of others."""
    group = {number: place for place, numbers in enumerate(groups(gallery)) for number in numbers}
    different = _told(gallery, Pair.Told.DIFFERENT)
    return [(first, second) for first, second in different if first in group and group[first] == group.get(second)]


def _told(gallery: Gallery, told: str) -> Iterable[tuple[int, int]]:
    return gallery.pairs.filter(told=told).order_by("pk").values_list("first", "second")


def _lead(leads: dict[int, int], number: int) -> int:
    """The lowest number of its group; ways to it become short."""
    way = []
    while leads.setdefault(number, number) != number:
        way.append(number)
        number = leads[number]
    leads.update(dict.fromkeys(way, number))
    return number
