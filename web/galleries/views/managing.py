"""The page of one gallery for who manages it: how its jobs get on, stopped, gone on with; refreshed, removed."""

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from web.accounts.staff import staff_only
from web.galleries import adding, removal
from web.galleries.models import Gallery, Job, Picture
from web.galleries.work import jobs, supervisor

_SHOWN_JOBS, _SHOWN_UNREADABLE = 10, 50


@staff_only
@require_safe
def manage(request: HttpRequest, slug: str) -> HttpResponse:
    """All of it."""
    gallery = get_object_or_404(Gallery.objects.select_related("active"), slug=slug)
    counts = dict(gallery.pictures.order_by().values_list("state").annotate(Count("pk")))
    versions = list(gallery.versions.all())
    for version in versions:
        version.called = adding.called(version.spec)
    unreadable = gallery.pictures.filter(state=Picture.State.UNREADABLE)[:_SHOWN_UNREADABLE]
    shown = {"gallery": gallery, "counts": counts, "versions": versions, "unreadable": unreadable}
    return render(request, "galleries/manage.html", shown | _progress(gallery))


@staff_only
@require_safe
def progress(request: HttpRequest, slug: str) -> HttpResponse:
    """How its jobs get on: the part of the page that changes; a process that died meanwhile is begun again."""
    gallery = get_object_or_404(Gallery, slug=slug)
    shown = {"gallery": gallery} | _progress(gallery)
    if shown["working"]:
        supervisor.begin_again()
    answer = render(request, "galleries/jobs.html", shown)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _progress(gallery: Gallery) -> dict[str, object]:
    shown = list(gallery.jobs.select_related("version")[:_SHOWN_JOBS])
    return {"jobs": shown, "working": any(job.state in jobs.UNFINISHED for job in shown)}


@staff_only
@require_POST
def refresh(request: HttpRequest, slug: str) -> HttpResponse:
    """Have it refreshed."""
    jobs.add(get_object_or_404(Gallery, slug=slug), "refresh")
    return redirect("galleries:manage", slug)


@staff_only
@require_POST
def geometry(request: HttpRequest, slug: str) -> HttpResponse:
    """Have its answers re-ranked by local features where somebody wants that, or no more."""
    gallery = get_object_or_404(Gallery, slug=slug)
    Gallery.objects.filter(pk=gallery.pk).update(geometry=not gallery.geometry)
    return redirect("galleries:manage", slug)


@staff_only
@require_POST
def stop(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Stop one of its jobs."""
    jobs.stop(get_object_or_404(Job, gallery__slug=slug, pk=number))
    return redirect("galleries:manage", slug)


@staff_only
@require_POST
def go_on(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Go on with one of its jobs."""
    jobs.go_on(get_object_or_404(Job, gallery__slug=slug, pk=number))
    return redirect("galleries:manage", slug)


@staff_only
def remove(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask whether it is to be removed, and remove it."""
    gallery = get_object_or_404(Gallery, slug=slug)
    if request.method != "POST":
        return render(request, "galleries/remove.html", {"gallery": gallery, "count": gallery.pictures.count()})
    removal.remove(gallery)
    messages.success(request, _("%(name)s was removed; its pictures stay where they are.") % {"name": gallery.name})
    return redirect("galleries:list")
