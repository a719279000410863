"""Addresses of the search in one gallery."""

from django.urls import path

from web.search import pictures, sending, views

app_name = "search"

urlpatterns = [
    path("", views.page, name="page"),
    path("results/", views.results, name="results"),
    path("upload/", sending.upload, name="upload"),
    path("address/", sending.address, name="address"),
    path("uploads/<str:kept>.jpg", sending.uploaded, name="uploaded"),
    path("pictures/<int:number>/", pictures.picture, name="picture"),
    path("pictures/<int:number>/details/", pictures.details, name="details"),
    path("pictures/<int:number>/tag/", pictures.tag, name="tag"),
    path("pictures/<int:number>/untag/", pictures.untag, name="untag"),
]
