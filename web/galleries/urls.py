"""Addresses of galleries, and of their pictures, which are named by their number and never by their path."""

from django.urls import path

from web.galleries.views import listing, managing, pictures

app_name = "galleries"

urlpatterns = [
    path("", listing.list_all, name="list"),
    path("add/", listing.add, name="add"),
    path("galleries/<slug:slug>/", managing.manage, name="manage"),
    path("galleries/<slug:slug>/progress/", managing.progress, name="progress"),
    path("galleries/<slug:slug>/refresh/", managing.refresh, name="refresh"),
    path("galleries/<slug:slug>/geometry/", managing.geometry, name="geometry"),
    path("galleries/<slug:slug>/jobs/<int:number>/stop/", managing.stop, name="stop"),
    path("galleries/<slug:slug>/jobs/<int:number>/go-on/", managing.go_on, name="go_on"),
    path("galleries/<slug:slug>/remove/", managing.remove, name="remove"),
    path("pictures/<int:number>/small.jpg", pictures.thumbnail, name="thumbnail"),
    path("pictures/<int:number>/large.jpg", pictures.large, name="large"),
]
