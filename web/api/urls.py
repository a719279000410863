"""Addresses of the API, those of its table, and the page that lists them."""

from django.urls import path

from web.api.listing import listing
from web.api.resource import resource
from web.api.table import BY_ROUTE

app_name = "api"

urlpatterns = [
    path("", listing, name="page"),
    *(path(route, resource(endpoints), name=endpoints[0].name) for route, endpoints in BY_ROUTE.items()),
]
