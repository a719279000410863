"""The page of all galleries, and the one that adds one."""

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from web.accounts.staff import staff_only
from web.galleries.forms import AddForm, runs
from web.galleries.models import Gallery, Job, Picture
from web.galleries.work import jobs

_SAMPLES = 4  # pictures that stand for a gallery


def list_all(request: HttpRequest) -> HttpResponse:
    """All galleries."""
    there = Count("pictures", filter=Q(pictures__state=Picture.State.THERE))
    galleries = list(Gallery.objects.select_related("active").annotate(count=there))
    working = {job.gallery_id: job for job in Job.objects.filter(state__in=jobs.UNFINISHED)}
    for gallery in galleries:
        gallery.samples = list(gallery.pictures.filter(state=Picture.State.THERE)[:_SAMPLES])
        gallery.job = working.get(gallery.pk)
        last = None if gallery.active or gallery.job else gallery.jobs.first()
        gallery.failed = last if last and last.state == Job.State.FAILED else None
    return render(request, "galleries/list.html", {"galleries": galleries})


@staff_only
def add(request: HttpRequest) -> HttpResponse:
    """Add one."""
    form = AddForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and (gallery := form.add()):
        messages.success(request, _("%(name)s was added; its pictures are embedded now.") % {"name": gallery.name})
        return redirect("galleries:manage", gallery.slug)
    status = 400 if form.errors else 200
    return render(request, "galleries/add.html", {"form": form, "runs": runs()}, status=status)
