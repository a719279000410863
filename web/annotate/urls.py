"""Addresses of annotate in one gallery."""

from django.urls import path

from web.annotate.views import change, classes, export, history, pairs, rows

app_name = "annotate"

urlpatterns = [
    path("", rows.page, name="page"),
    path("propose/", rows.propose, name="propose"),
    path("change/", change.change, name="change"),
    path("classes/", classes.all_of_them, name="classes"),
    path("class/", classes.one_of_them, name="class"),
    path("pairs/", pairs.page, name="pairs"),
    path("history/", history.page, name="history"),
    path("export/", export.page, name="export"),
    path("export/<str:name>", export.file, name="file"),
]
