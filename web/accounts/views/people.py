"""People: who may come in; staff add, disable and reset them."""

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from web.accounts.passwords import random_password
from web.accounts.staff import staff_only

Person = get_user_model()


class Form(forms.ModelForm):
    """The name of somebody new, and whether they manage."""

    class Meta:
        model = Person
        fields = ("username", "is_staff")
        labels = {"is_staff": gettext_lazy("manages galleries and people")}
        help_texts = {"is_staff": ""}  # Django's speaks of its admin site, which is not here


@never_cache
@staff_only
@require_http_methods(["GET", "HEAD", "POST"])
def people(request: HttpRequest) -> HttpResponse:
    """Everybody, and a form for somebody new, whose password is in this answer and nowhere else again."""
    form = Form(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        person = form.save(commit=False)
        return _with_password(request, person)
    return _page(request, form)


@staff_only
@require_POST
def change(request: HttpRequest, number: int, what: str) -> HttpResponse:
    """Do what one of CHANGES says to somebody else; oneself stays, so that somebody can always come in."""
    person = get_object_or_404(Person, pk=number)
    if what not in CHANGES:
        raise Http404
    if person == request.user:
        raise PermissionDenied(_("This is your own account: ask another who manages."))
    return CHANGES[what](request, person)


def _disable(request: HttpRequest, person: AbstractUser) -> HttpResponse:
    return _saved(request, person, is_active=False)


def _enable(request: HttpRequest, person: AbstractUser) -> HttpResponse:
    return _saved(request, person, is_active=True)


def _promote(request: HttpRequest, person: AbstractUser) -> HttpResponse:
    return _saved(request, person, is_staff=True)


def _demote(request: HttpRequest, person: AbstractUser) -> HttpResponse:
    return _saved(request, person, is_staff=False)


def _reset(request: HttpRequest, person: AbstractUser) -> HttpResponse:
    """Another password; the old one's sessions end with it, and tokens go too: somebody may have had them."""
    person.tokens.all().delete()
    return _with_password(request, person)


CHANGES: dict[str, Callable[[HttpRequest, AbstractUser], HttpResponse]] = {
    "disable": _disable,
    "enable": _enable,
    "promote": _promote,
    "demote": _demote,
    "reset": _reset,
}


def _saved(request: HttpRequest, person: AbstractUser, **facts: bool) -> HttpResponse:
    Person.objects.filter(pk=person.pk).update(**facts)
    messages.success(request, _("%(name)s is changed.") % {"name": person.get_username()})
    return redirect("accounts:people")


def _with_password(request: HttpRequest, person: AbstractUser) -> HttpResponse:
    """The page that tells a password that was just made."""
    password = random_password()
    person.set_password(password)
    person.save()
    return _page(request, Form(), person=person, password=password)


def _page(request: HttpRequest, form: Form, **told: object) -> HttpResponse:
    everybody = Person.objects.order_by("username")
    facts = {"form": form, "people": everybody, **told}
    return render(request, "accounts/people.html", facts, status=400 if form.errors else 200)
