"""Addresses of the growth of one gallery."""

from django.urls import path

from web.grow import views

app_name = "grow"

urlpatterns = [
    path("", views.page, name="page"),
    path("train/", views.train, name="train"),
    path("train/<int:number>/run/", views.run, name="run"),
    path("jobs/<int:number>/stop/", views.stop, name="stop"),
    path("jobs/<int:number>/go-on/", views.go_on, name="go-on"),
    path("train/<int:number>/upgrade/", views.upgrade_to_training, name="upgrade-to-training"),
    path("upgrade/", views.upgrade, name="upgrade"),
    path("versions/<int:number>/", views.version, name="version"),
    path("versions/<int:number>/judge/", views.judge, name="judge"),
    path("versions/<int:number>/switch/", views.switch, name="switch"),
    path("versions/<int:number>/remove/", views.remove, name="remove"),
]
