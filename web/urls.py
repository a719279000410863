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

handler400 = "web.pages.problem.bad_request"
handler403 = "web.pages.problem.not_allowed"
handler404 = "web.pages.problem.not_found"
handler500 = "web.pages.problem.failed"
