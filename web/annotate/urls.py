"""Addresses of annotate."""

app_name = "annotate"

urlpatterns: list[object] = []
