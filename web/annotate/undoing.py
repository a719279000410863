"""Undo and redo: a change goes back where nobody changed the same picture since, and the rest is told.

A step stands from its change on until it is undone. It can be undone where no later step of the same picture stands.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from datasets.errors import InputError
from web.annotate import labels, pairs
from web.annotate.labels import Clash, Outcome
from web.annotate.models import Change, Pair, Step
from web.galleries.models import Gallery, Picture

_UNDOES, _REDOES = Change.Kind.UNDO, Change.Kind.REDO


def next_undo(gallery: Gallery, who: AbstractBaseUser) -> Change | None:
    """The newest change of somebody that is not undone."""
    return _own(gallery, who).filter(undone=False).first()


def next_redo(gallery: Gallery, who: AbstractBaseUser) -> Change | None:
    """The change that somebody undid last; a new change of theirs ends what can be redone."""
    newest = next_undo(gallery, who)
    return _own(gallery, who).filter(undone=True, pk__gt=newest.pk if newest else 0).last()


def _own(gallery: Gallery, who: AbstractBaseUser) -> QuerySet[Change]:
    return gallery.changes.filter(who=who).exclude(kind__in=(_UNDOES, _REDOES))


@transaction.atomic
def undo(gallery: Gallery, who: AbstractBaseUser, number: int | None = None) -> Outcome:
    """Take back one's newest change, or that of the ``number``, whoever made it.

    What was changed once more since then stays as it is, and is a clash. Raises InputError where there is nothing.
    """
    labels.lock(gallery)
    change = next_undo(gallery, who) if number is None else _numbered(gallery, number)
    if change is None or change.undone:
        raise InputError(_("there is nothing to undo"))
    return _turn(who, change, _UNDOES)


@transaction.atomic
def redo(gallery: Gallery, who: AbstractBaseUser) -> Outcome:
    """Do again what one undid last; else as ``undo``."""
    labels.lock(gallery)
    change = next_redo(gallery, who)
    if change is None:
        raise InputError(_("there is nothing to redo"))
    return _turn(who, change, _REDOES)


def _numbered(gallery: Gallery, number: int) -> Change:
    change = gallery.changes.exclude(kind__in=(_UNDOES, _REDOES)).filter(pk=number).first()
    if change is None:
        raise InputError(_("there is no change %(number)d in this gallery") % {"number": number})
    return change


def _turn(who: AbstractBaseUser, change: Change, kind: str) -> Outcome:
    """Undo or redo the steps that can be."""
    back = kind == _UNDOES
    steps = list(change.steps.filter(stands=back).select_related("picture", "pair").annotate(later=Exists(_later())))
    free = [step for step in steps if not step.later and _now(step) == (step.after if back else step.before)]
    numbers = {step.pk for step in free}
    made = labels.log(change.gallery, who, kind, of=change, subject=change.subject, target=change.target)
    _write(made, free, back=back)
    for part in labels.parted(numbers):
        Step.objects.filter(pk__in=part).update(stands=not back)
    Change.objects.filter(pk=change.pk).update(undone=back)
    done = tuple(_item(step).pk for step in free)
    return Outcome(made, done, tuple(_clashes([step for step in steps if step.pk not in numbers], back=back)))


def _clashes(kept: Sequence[Step], *, back: bool) -> Iterator[Clash]:
    """Those of the steps that could not be turned, by what they wanted."""
    by_wanted = defaultdict(list)
    for step in kept:
        by_wanted[step.before if back else step.after].append(_item(step))
    for wanted, items in by_wanted.items():
        yield from labels.clashes(items, wanted)


def _later() -> QuerySet[Step]:
    same = Q(picture=OuterRef("picture")) | Q(pair=OuterRef("pair"))
    return Step.objects.filter(same, stands=True, pk__gt=OuterRef("pk"))


def _item(step: Step) -> Picture | Pair:
    return step.picture or step.pair


def _now(step: Step) -> str:
    return step.picture.label if step.picture else step.pair.told


def _write(made: Change, steps: Sequence[Step], *, back: bool) -> None:
    """Write what the steps lead to into pictures and pairs, and what was done into the log."""
    done, by_value = [], defaultdict(list)
    for step in steps:
        before, after = (step.after, step.before) if back else (step.before, step.after)
        done.append(Step(change=made, picture=step.picture, pair=step.pair, before=before, after=after, stands=False))
        by_value[after, step.pair is not None].append(_item(step).pk)
    Step.objects.bulk_create(done, batch_size=500)
    for (value, is_pair), numbers in by_value.items():
        if is_pair:
            pairs.tell(numbers, value)
        else:
            labels.relabel(numbers, value)
