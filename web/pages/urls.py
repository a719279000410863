"""Addresses that all pages share: the choice of a language."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path
from django.views.i18n import set_language

app_name = "pages"

urlpatterns = [
    path("language/", login_not_required(set_language), name="language"),
]
