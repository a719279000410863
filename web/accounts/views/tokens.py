"""Tokens: made, listed, revoked."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from web.accounts import bearer
from web.accounts.models import Token

MOST = 100  # tokens of one person


class Form(forms.ModelForm):
    """What a new token is for, and what it may do."""

    class Meta:
        model = Token
        fields = ("name", "scope")

    def __init__(self, *given: object, is_staff: bool, **named: object) -> None:
        super().__init__(*given, **named)
        if not is_staff:
            self.fields["scope"].choices = [one for one in Token.Scope.choices if one[0] != Token.Scope.MANAGE]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """One's tokens, and a form for another. The secret of a new one is in this answer, and nowhere else again."""
    form, secret = Form(request.POST if request.method == "POST" else None, is_staff=request.user.is_staff), ""
    if request.method == "POST" and form.is_valid():
        if request.user.tokens.count() >= MOST:
            form.add_error(None, _("You have %(most)d tokens: revoke some first.") % {"most": MOST})
        else:
            secret = bearer.made(request.user, form.cleaned_data["name"], form.cleaned_data["scope"])[1]
            form = Form(is_staff=request.user.is_staff)
    told = {"form": form, "secret": secret, "tokens": request.user.tokens.all()}
    return render(request, "accounts/tokens.html", told, status=400 if form.errors else 200)


@require_POST
def revoke(request: HttpRequest, number: int) -> HttpResponse:
    """Remove one of one's own tokens; from now on it is not known."""
    token = get_object_or_404(request.user.tokens, pk=number)
    token.delete()
    messages.success(request, _("The token %(name)s is revoked.") % {"name": token.name})
    return redirect("accounts:tokens")
