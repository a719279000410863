"""Addresses: each app brings its own."""

from django.urls import include, path

urlpatterns = [
    path("", include("web.galleries.urls")),
    path("", include("web.pages.urls")),
    path("accounts/", include("web.accounts.urls")),
    path("g/<slug:slug>/", include("web.search.urls")),
    path("g/<slug:slug>/annotate/", include("web.annotate.urls")),
    path("g/<slug:slug>/grow/", include("web.grow.urls")),
    path("api/v1/", include("web.api.urls")),
]

handler400 = "web.safety.refusals.bad_request"
handler403 = "web.safety.refusals.forbidden"
handler404 = "web.safety.refusals.missing"
handler500 = "web.safety.refusals.failed"
