"""Pages of growth: for staff; what changes something is sent by POST, and leads back to a page with a message."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from datasets.errors import InputError
from web.accounts.staff import staff_only
from web.galleries.models import Gallery, Job, Version
from web.galleries.work import jobs
from web.grow import shown, versions
from web.grow import upgrade as upgrades
from web.grow.forms import TrainForm, UpgradeForm
from web.grow.models import Training
from web.grow.training import prepared, running

View = Callable[..., HttpResponse]


def of_staff(view: View) -> View:
    """The view of a gallery, for staff alone; an InputError becomes a message on the gallery's page."""

    @wraps(view)
    @staff_only
    def checked(request: HttpRequest, slug: str, **more: object) -> HttpResponse:
        gallery = get_object_or_404(Gallery.objects.select_related("active"), slug=slug)
        try:
            return view(request, gallery, **more)
        except InputError as error:
            return _shown(request, gallery, status=400, wrong=str(error))

    return checked


@require_safe
@of_staff
def page(request: HttpRequest, gallery: Gallery) -> HttpResponse:
    """The versions of a gallery, its trainings, and the log."""
    return _shown(request, gallery)


@require_POST
@of_staff
def train(request: HttpRequest, gallery: Gallery) -> HttpResponse:
    """Write down the labels and the command that trains on them."""
    form = TrainForm(request.POST)
    if not form.is_valid():
        return _shown(request, gallery, status=400, train=form)
    made = prepared.prepare(gallery, form.wish(), request.user)
    messages.success(request, _("Training %(number)d is written down: %(held)d pictures are held out.") % _of(made))
    return redirect("grow:page", gallery.slug)


@require_POST
@of_staff
def run(request: HttpRequest, gallery: Gallery, number: int) -> HttpResponse:
    """Run the command of a training, where that is allowed."""
    found = get_object_or_404(gallery.trainings, number=number)
    running.start(found)
    messages.success(request, _("Training %(number)d is started.") % _of(found))
    return redirect("grow:page", gallery.slug)


@require_POST
@of_staff
def stop(request: HttpRequest, gallery: Gallery, number: int) -> HttpResponse:
    """Stop a training or an upgrade; what it has done is kept."""
    jobs.stop(_job(gallery, number))
    messages.success(request, _("It is stopped; what was done is kept."))
    return redirect("grow:page", gallery.slug)


@require_POST
@of_staff
def go_on(request: HttpRequest, gallery: Gallery, number: int) -> HttpResponse:
    """Go on with a training or an upgrade that was stopped, or failed."""
    job = _job(gallery, number)
    if job.kind == running.KIND:
        running.start(job.trainings.get())
    else:
        jobs.go_on(job)
    messages.success(request, _("It goes on from where it was."))
    return redirect("grow:page", gallery.slug)


def _job(gallery: Gallery, number: int) -> Job:
    return get_object_or_404(gallery.jobs, pk=number, kind__in=(running.KIND, upgrades.KIND))


@require_POST
@of_staff
def upgrade_to_training(request: HttpRequest, gallery: Gallery, number: int) -> HttpResponse:
    """Embed the gallery by what a training has made."""
    made = upgrades.begin_trained(get_object_or_404(gallery.trainings, number=number), request.user)
    return _begun(request, made)


@require_POST
@of_staff
def upgrade(request: HttpRequest, gallery: Gallery) -> HttpResponse:
    """Embed the gallery by the network of a run folder."""
    form = UpgradeForm(request.POST)
    if not form.is_valid():
        return _shown(request, gallery, status=400, upgrade=form)
    return _begun(request, upgrades.begin(gallery, form.spec(), request.user))


def _begun(request: HttpRequest, made: Version) -> HttpResponse:
    messages.success(request, _("Version %(number)d is being embedded; searches go on.") % {"number": made.number})
    return redirect("grow:version", made.gallery.slug, made.number)


@require_safe
@of_staff
def version(request: HttpRequest, gallery: Gallery, number: int) -> HttpResponse:
    """A version beside the one that it was compared with."""
    found = get_object_or_404(gallery.versions, number=number)
    return render(request, "grow/version.html", shown.version(gallery, found))


@require_POST
@of_staff
def judge(request: HttpRequest, gallery: Gallery, number: int) -> HttpResponse:
    """Compare a version anew, with what answers and by the labels of now."""
    found = get_object_or_404(gallery.versions, number=number)
    jobs.add(gallery, upgrades.KIND, found)
    messages.success(request, _("Version %(number)d is being compared anew.") % {"number": number})
    return redirect("grow:version", gallery.slug, number)


@require_POST
@of_staff
def switch(request: HttpRequest, gallery: Gallery, number: int) -> HttpResponse:
    """Have a version answer."""
    entry = versions.switch(gallery, get_object_or_404(gallery.versions, number=number), request.user)
    told = {"before": entry.before, "after": entry.after}
    messages.success(request, _("Version %(after)d answers searches now, in place of version %(before)d.") % told)
    return redirect("grow:page", gallery.slug)


@require_POST
@of_staff
def remove(request: HttpRequest, gallery: Gallery, number: int) -> HttpResponse:
    """Remove a version that does not answer."""
    versions.remove(get_object_or_404(gallery.versions, number=number), request.user)
    messages.success(request, _("Version %(number)d is removed.") % {"number": number})
    return redirect("grow:page", gallery.slug)


def _shown(
    request: HttpRequest,
    gallery: Gallery,
    *,
    status: int = 200,
    wrong: str = "",
    train: TrainForm | None = None,
    upgrade: UpgradeForm | None = None,
) -> HttpResponse:
    forms = {"train": train or TrainForm(), "upgrade": upgrade or UpgradeForm()}
    context = {**shown.page(gallery), **forms, "wrong": wrong, "may_train": settings.TRAIN}
    return render(request, "grow/page.html", context, status=status)


def _of(found: Training) -> dict[str, int]:
    return {"number": found.number, "held": found.held}
