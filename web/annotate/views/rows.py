"""The page of rows: proposals to sort, or the neighbors of what is asked for."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from datasets.errors import InputError
from web.annotate import undoing
from web.annotate.classes import names
from web.annotate.rows import mined, near, proposed
from web.annotate.rows.mined import AMONG
from web.galleries import served
from web.galleries.models import Gallery
from web.galleries.work import jobs
from web.search import link
from web.search.views import first_of

_AT_ONCE = 3_000  # pictures that are grouped while somebody waits

Facts = dict[str, object]


@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """Rows of proposals; of what is found where the address asks for something as the search page does."""
    gallery = get_object_or_404(Gallery, slug=slug)
    facts = {**shared(request, gallery), "first": first_of(request.GET)}
    try:
        question = link.read(request.GET)
        if question.parts:
            row = near.neighbors(gallery, question, first=facts["first"])
            more = facts["first"] + near.AT_MOST
            facts |= {"rows": [row], "asked": link.write(question)}
            facts["next"] = link.write(question, first=more) if more < row.count else ""
        else:
            facts |= _proposals(gallery, request.GET.get("among", ""), facts["first"])
    except InputError as error:
        return render(request, "annotate/page.html", {**facts, "mistake": str(error)}, status=400)
    return render(request, "annotate/page.html", facts)


def shared(request: HttpRequest, gallery: Gallery) -> Facts:
    """What every page of annotate shows: the gallery, its classes, and what can be undone."""
    undo, redo = undoing.next_undo(gallery, request.user), undoing.next_redo(gallery, request.user)
    return {"gallery": gallery, "names": names(gallery), "undo": undo, "redo": redo}


def _proposals(gallery: Gallery, among: str, first: int) -> Facts:
    """The rows mined among what nobody has sorted, "" is what no folder names either where there is such."""
    its = served.of_gallery(gallery).snapshot
    left = {one: mined.unsorted(gallery, one).count() for one in AMONG}
    among = among or ("unnamed" if left["unnamed"] else "unsorted")
    kept = mined.kept(its, among)
    facts: Facts = {"among": among, "left": left, "kept": kept, "proposes": True}
    job = gallery.jobs.filter(kind=mined.kind(among)).first()
    facts |= {"job": job, "at_work": job is not None and job.state in jobs.UNFINISHED}
    if kept is not None:
        facts["rows"], after = proposed.rows(gallery, kept, among, first=first)
        facts["next"] = f"?among={among}&first={after}" if after is not None else ""
    return facts


@require_POST
def propose(request: HttpRequest, slug: str) -> HttpResponse:
    """Mine what nobody has sorted, anew: at once where it takes a second, else by a job."""
    gallery = get_object_or_404(Gallery, slug=slug)
    among, its = request.POST.get("among", AMONG[0]), served.of_gallery(gallery).snapshot
    mined.check(among)
    if len(its) <= _AT_ONCE:
        mined.propose(gallery, its, among)
    else:
        jobs.add(gallery, mined.kind(among))
    return redirect(f"{reverse('annotate:page', args=[slug])}?among={among}")
