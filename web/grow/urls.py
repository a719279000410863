"""Addresses of grow."""

app_name = "grow"

urlpatterns: list[object] = []
