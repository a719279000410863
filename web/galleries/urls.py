"""Addresses of galleries, and of their pictures, which are named by their number and never by their path."""

from django.urls import path

from web.galleries.views import listing, pictures

app_name = "galleries"

urlpatterns = [
    path("", listing.list_all, name="list"),
    path("pictures/<int:number>/small.jpg", pictures.thumbnail, name="thumbnail"),
    path("pictures/<int:number>/large.jpg", pictures.large, name="large"),
]
