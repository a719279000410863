"""Signing in, and the page of one's own account."""

from django.contrib import messages
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy
from django.utils.translation import gettext as _

from web.accounts import attempts
from web.safety.limits import client_of


class SignIn(LoginView):
    """The form by which one signs in; who tries too often is told to wait, and nothing is looked up."""

    template_name = "accounts/login.html"
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *found: object, **named: object) -> HttpResponse:
        """Try."""
        if attempts.allowed(client_of(request), request.POST.get("username", "")):
            return super().post(request, *found, **named)
        wait = attempts.WINDOW
        told = {"form": AuthenticationForm(request), "wait": wait.seconds // 60, "next": self.get_redirect_url()}
        answer = render(request, self.template_name, told, status=429)
        answer["Retry-After"] = str(wait.seconds)
        return answer

    def form_valid(self, form: Form) -> HttpResponse:
        """Come in."""
        attempts.succeeded(client_of(self.request), self.request.POST.get("username", ""))
        return super().form_valid(form)


class Password(PasswordChangeView):
    """A new password; whoever is signed in elsewhere by the old one has to sign in again."""

    template_name = "accounts/password.html"
    success_url = reverse_lazy("accounts:account")

    def form_valid(self, form: Form) -> HttpResponse:
        """Change it."""
        messages.success(self.request, _("The password is changed. Other browsers have to sign in again."))
        return super().form_valid(form)


def account(request: HttpRequest) -> HttpResponse:
    """One's own account: where to change what."""
    return render(request, "accounts/account.html")
