"""Annotations: what people said of pictures, and what somebody says now; whoever was slower is told, not obeyed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from django.http import HttpRequest

from web.annotate import classes as its_classes
from web.annotate import labels, pairs, undoing
from web.annotate.classes import ChangedMeanwhile
from web.annotate.labels import Outcome
from web.annotate.models import Pair
from web.annotate.telling import again
from web.api.shapes.kinds import Within
from web.api.views.asked import Picture
from web.api.views.galleries import gallery_of
from web.api.wrong import Clash, Wrong
from web.galleries.models import NO_CLASS

Revision = Annotated[int, Within(0, 2**31 - 1)]
Name = Annotated[str, Within(1, 200)]


@dataclass(frozen=True)
class Seen:
    """A picture as one saw it."""

    picture: Annotated[Picture, "its number"]
    revision: Annotated[Revision, "that it had"]


@dataclass(frozen=True)
class LabelAsked:
    """A class for some pictures."""

    label: Annotated[Name, "the class; - for none, whatever the folder says"]
    pictures: Annotated[tuple[Seen, ...], Within(1, 5000)]


@dataclass(frozen=True)
class PairAsked:
    """Whether two pictures show the same thing."""

    pictures: tuple[Picture, Picture]
    told: Annotated[Literal["same", "different", ""], "empty to say nothing any more"]
    revision: Annotated[Revision, "of the pair as one saw it, 0 where nothing was said of it"] = 0


@dataclass(frozen=True)
class ClassAsked:
    """What is to become of a class."""

    category: Annotated[Name, "what it is called now"]
    name: Annotated[Name, "what it is to be called, or the class that it is to be merged into"]
    state: Annotated[str, "that it had when one saw it; empty where any will do"] = ""


@dataclass(frozen=True)
class UndoAsked:
    """Which change is undone."""

    change: Annotated[Picture | None, "its number; one's own newest if not given"] = None


@dataclass(frozen=True)
class Changed:
    """What came of a change."""

    change: Annotated[int | None, "its number, by which it can be undone; null where all was so already"]
    done: Annotated[tuple[int, ...], "numbers of the pictures, or pairs, that now are as was wanted"]
    note: Annotated[str, "where the name was that of a class which was renamed or merged since: what it is now"] = ""


@dataclass(frozen=True)
class ClassTold:
    """A class of a gallery."""

    category: Annotated[str, "empty for pictures without a class, - for those that people said to be of none"]
    count: Annotated[int, "its pictures"]
    away: Annotated[int, "those of them that cannot be read or are gone"]
    sorted: Annotated[int, "those that people said to be of it; of the others only the folder says so"]
    state: Annotated[str, "changes with every change of the class"]


@dataclass(frozen=True)
class ClassesTold:
    """The classes of a gallery, by name."""

    classes: tuple[ClassTold, ...]


@dataclass(frozen=True)
class ChangeTold:
    """What somebody did."""

    change: Annotated[int, "its number"]
    who: str
    when: datetime
    kind: Annotated[str, "assign, reject, rename, merge, split, pair, undo or redo"]
    subject: Annotated[str, "the class from which, where there is one"]
    target: Annotated[str, "the class to which, or what was said of a pair"]
    undone: bool


@dataclass(frozen=True)
class ChangesTold:
    """The newest changes of a gallery."""

    changes: Annotated[tuple[ChangeTold, ...], "newest first"]


@dataclass(frozen=True)
class ChangesAsked:
    """Which changes."""

    before: Annotated[int | None, "those of lower numbers than this one", Within(1, 2**63 - 1)] = None
    count: Annotated[int, "how many at most", Within(1, 1000)] = 100


def classes(request: HttpRequest, slug: str) -> ClassesTold:
    """The classes of a gallery."""
    found = its_classes.all_classes(gallery_of(slug))
    return ClassesTold(tuple(ClassTold(one.name, one.count, one.away, one.sorted, one.state) for one in found))


def changes(request: HttpRequest, slug: str, query: ChangesAsked) -> ChangesTold:
    """Who changed what when, the newest first."""
    found = gallery_of(slug).changes.all()
    found = found.filter(pk__lt=query.before) if query.before else found
    return ChangesTold(tuple(
        ChangeTold(one.pk, one.name, one.when, str(one.kind), one.subject, one.target, one.undone)
        for one in found[: query.count]
    ))  # fmt: skip


def label(request: HttpRequest, slug: str, body: LabelAsked) -> Changed:
    """Say of which class pictures are.

    A picture whose revision is another by now stays as it is: the status is 409, ``clashes`` tells who changed it, and
    ``done`` has the others.
    """
    gallery, seen = gallery_of(slug), {one.picture: one.revision for one in body.pictures}
    if body.label == NO_CLASS:
        return _told(labels.reject(gallery, request.user, seen))
    return _told(labels.assign(gallery, request.user, body.label, seen))


def pair(request: HttpRequest, slug: str, body: PairAsked) -> Changed:
    """Say whether two pictures show the same thing; 409 where somebody else was faster."""
    return _told(pairs.pair(gallery_of(slug), request.user, *body.pictures, body.told, body.revision))


def rename_class(request: HttpRequest, slug: str, body: ClassAsked) -> Changed:
    """Call a class by another name, which no class has yet; 409 where its state is another by now."""
    return _whole(lambda: its_classes.rename(gallery_of(slug), request.user, body.category, body.name, body.state))


def merge_class(request: HttpRequest, slug: str, body: ClassAsked) -> Changed:
    """Put all pictures of a class into another one; 409 where its state is another by now."""
    return _whole(lambda: its_classes.merge(gallery_of(slug), request.user, body.category, body.name, body.state))


def undo(request: HttpRequest, slug: str, body: UndoAsked) -> Changed:
    """Take a change back; what was changed once more since then stays, with 409."""
    return _told(undoing.undo(gallery_of(slug), request.user, body.change))


def redo(request: HttpRequest, slug: str) -> Changed:
    """Do again what one undid last."""
    return _told(undoing.redo(gallery_of(slug), request.user))


def _whole(change: Callable[[], Outcome]) -> Changed:
    try:
        return _told(change())
    except ChangedMeanwhile as error:
        raise Wrong(str(error), 409) from None


def _told(outcome: Outcome) -> Changed:
    """What came of it; raises Wrong, 409, where somebody else was faster with some of it."""
    if outcome.clashes:
        why = f"{len(outcome.clashes)} were changed by others since you saw them, and stay as they are"
        raise Wrong(why, 409, done=outcome.done, clashes=[vars(_clash(one)) for one in outcome.clashes])
    return Changed(outcome.change.pk if outcome.change else None, outcome.done, again(outcome))


def _clash(one: labels.Clash) -> Clash:
    item = one.item
    if isinstance(item, Pair):
        return Clash((item.first_id, item.second_id), str(item.told), item.revision, one.wanted, one.name, one.when)
    return Clash((item.pk,), item.label, item.revision, one.wanted, one.name, one.when)
