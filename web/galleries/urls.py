"""Addresses of galleries, and of their pictures, which are named by their number and never by their path."""

from django.urls import path

from web.galleries import views

app_name = "galleries"

urlpatterns = [
    path("", views.list_all, name="list"),
]
