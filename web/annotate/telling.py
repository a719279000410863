"""Telling: what came of a change, in words."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from web.annotate.labels import Clash, Outcome
from web.annotate.models import Pair
from web.galleries.models import NO_CLASS


def told(action: str, outcome: Outcome) -> str:
    """A line for whoever did it."""
    count, change = len(outcome.done), outcome.change
    facts = {"count": count, "name": change.target if change else "", "old": change.subject if change else ""}
    if action == "undo":
        return ngettext("%(count)d undone", "%(count)d undone", count) % facts
    if action == "redo":
        return ngettext("%(count)d done again", "%(count)d done again", count) % facts
    if action in ("same", "different", "unsay"):
        return _("The pair is written down")
    if action == "reject":
        return ngettext("%(count)d picture is of no class", "%(count)d pictures are of no class", count) % facts
    if change is None:
        return _("Nothing to do: it is so already") if count else _("Nothing was done")
    line = ngettext("%(count)d picture is %(name)s now", "%(count)d pictures are %(name)s now", count) % facts
    return f"{line}. {again(outcome)}" if outcome.formerly else line


def again(outcome: Outcome) -> str:
    """A line about a name that a class had before it was renamed or merged, and that now begins a new one."""
    last = outcome.formerly
    if last is None or outcome.change is None:
        return ""
    facts = {"who": last.name, "old": outcome.change.target, "new": last.target}
    return (
        _("%(old)s is a new class: %(who)s made the one of that name %(new)s; undo, or merge it, to go on there")
        % facts
    )


def told_of(clash: Clash) -> str:
    """A line about a picture, or a pair, that somebody else has changed."""
    item = clash.item
    if isinstance(item, Pair):
        facts = {"now": item.get_told_display(), "path": f"{item.first.path}, {item.second.path}"}
    else:
        facts = {"now": item.called or _("of no class"), "path": item.path}
    facts |= {"who": clash.name or _("somebody"), "wanted": _wanted(clash)}
    return _("%(who)s made %(path)s: %(now)s; you said: %(wanted)s") % facts


def _wanted(clash: Clash) -> str:
    if isinstance(clash.item, Pair):
        return str(Pair.Told(clash.wanted).label)
    return _("of no class") if clash.wanted == NO_CLASS else clash.wanted or _("as its folder says")
