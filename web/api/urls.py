"""Addresses of the API, those of its table."""

from django.urls import path

from web.api.resource import resource
from web.api.table import ENDPOINTS

app_name = "api"

urlpatterns = [
    path(route, resource([one for one in ENDPOINTS if one.route == route]), name=route)
    for route in dict.fromkeys(one.route for one in ENDPOINTS)
]
