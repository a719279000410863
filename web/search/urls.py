"""Addresses of the search in one gallery."""

from django.urls import path

from web.search import views

app_name = "search"

urlpatterns = [
    path("", views.page, name="page"),
]
