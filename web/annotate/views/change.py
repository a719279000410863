"""Change: one address that takes every change of labels and pairs, from a form or from a script."""

from collections.abc import Callable, Mapping

from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from datasets.errors import InputError
from web.annotate import classes, labels, pairs, undoing
from web.annotate.labels import Outcome
from web.annotate.models import Pair
from web.annotate.telling import told, told_of
from web.annotate.views.rows import shared
from web.galleries.models import Gallery
from web.safety.refusals import wants_json

Do = Callable[[Gallery, AbstractBaseUser, QueryDict], Outcome]

ACTIONS: Mapping[str, Do] = {
    "assign": lambda gallery, who, sent: labels.assign(gallery, who, sent.get("name", ""), _seen(sent)),
    "reject": lambda gallery, who, sent: labels.reject(gallery, who, _seen(sent)),
    "split": lambda gallery, who, sent: classes.split(gallery, who, _class(sent), sent.get("name", ""), _seen(sent)),
    "rename": lambda gallery, who, sent: classes.rename(gallery, who, _class(sent), sent.get("name", ""), _state(sent)),
    "merge": lambda gallery, who, sent: classes.merge(gallery, who, _class(sent), sent.get("name", ""), _state(sent)),
    "same": lambda gallery, who, sent: _pair(gallery, who, sent, "same"),
    "different": lambda gallery, who, sent: _pair(gallery, who, sent, "different"),
    "unsay": lambda gallery, who, sent: _pair(gallery, who, sent, ""),
    "undo": lambda gallery, who, sent: undoing.undo(
        gallery, who, _number(sent, "change") if "change" in sent else None
    ),
    "redo": lambda gallery, who, sent: undoing.redo(gallery, who),
}

# What can be said once more of what somebody else has changed; of a split, the pictures move to the class that it made.
_REPEATED = {"split": "assign"} | {action: action for action in ("assign", "reject", "same", "different", "unsay")}


@require_POST
def change(request: HttpRequest, slug: str) -> HttpResponse:
    """Do what the field action says; the answer is JSON for whoever asks for that, else the page that next names.

    Status 409 tells that somebody else was faster with some of it, and what they did; the rest is done.
    """
    gallery = get_object_or_404(Gallery, slug=slug)
    action = request.POST.get("action", "")
    if action not in ACTIONS:
        raise InputError(
            _("action %(action)s: must be one of %(all)s") % {"action": action[:40], "all": ", ".join(ACTIONS)}
        )
    outcome = ACTIONS[action](gallery, request.user, request.POST)
    status = 409 if outcome.clashes else 200
    if wants_json(request):
        return JsonResponse(_plain(request, gallery, action, outcome), status=status)
    if outcome.clashes:
        return render(request, "annotate/clashes.html", _clashes_page(request, gallery, action, outcome), status=status)
    messages.success(request, told(action, outcome))
    return redirect(_next(request, slug))


def _plain(request: HttpRequest, gallery: Gallery, action: str, outcome: Outcome) -> dict[str, object]:
    """The outcome as JSON holds it."""
    return {
        "told": told(action, outcome),
        "done": outcome.done,
        "clashes": [
            {"number": one.item.pk, "revision": one.item.revision, "wanted": one.wanted, "told": told_of(one)}
            for one in outcome.clashes
        ],
        "undo": undoing.next_undo(gallery, request.user) is not None,
        "redo": undoing.next_redo(gallery, request.user) is not None,
    }


def _clashes_page(request: HttpRequest, gallery: Gallery, action: str, outcome: Outcome) -> dict[str, object]:
    """What the page shows that tells who was faster, and offers to have it one's own way nevertheless."""
    first = outcome.clashes[0]
    return {
        **shared(request, gallery),
        "told": told(action, outcome),
        "found": [{"item": one.item, "told": told_of(one)} for one in outcome.clashes],
        "pair": first.item if isinstance(first.item, Pair) else None,
        "name": first.wanted,
        "action": _REPEATED.get(action, ""),
        "next": _next(request, gallery.slug),
    }


def _next(request: HttpRequest, slug: str) -> str:
    """Where to go on: what the form says, if that is a page of ours."""
    wanted = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if ours else reverse("annotate:page", args=[slug])


def _seen(sent: QueryDict) -> dict[int, int]:
    """Revisions by numbers, of fields as picture=12:3."""
    found = {}
    for text in sent.getlist("picture"):
        number, _colon, revision = text.partition(":")
        found[whole("picture", number)] = whole("picture", revision)
    return found


def _pair(gallery: Gallery, who: AbstractBaseUser, sent: QueryDict, told: str) -> Outcome:
    one, other, revision = (_number(sent, name) for name in ("one", "other", "revision"))
    return pairs.pair(gallery, who, one, other, told, revision)


def _class(sent: QueryDict) -> str:
    return sent.get("class", "").replace("\r\n", "\n")  # forms send every end of a line like this


def _state(sent: QueryDict) -> str:
    return sent.get("state", "")


def _number(sent: QueryDict, name: str) -> int:
    return whole(name, sent.get(name, ""))


def whole(name: str, text: str) -> int:
    """The whole number that a field holds; raises InputError where it holds none."""
    if not (text.isascii() and text.isdecimal()) or len(text) > 18:
        raise InputError(_("%(name)s=%(text)s: must be whole numbers") % {"name": name, "text": text[:40]})
    return int(text)
