"""Problem: what a program is told when its request fails, as JSON by RFC 9457, in place of a page.

Root addresses name the handlers here; what is no program's gets Django's own pages.
"""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults

PROGRAMS = "/api/"  # addresses that programs ask


def problem(status: int, detail: str = "", headers: dict[str, str] | None = None, **more: Any) -> JsonResponse:
    """The answer with a status of 400 and more: its title is the status's own; ``more`` are members of the problem."""
    title = HTTPStatus(status).phrase
    told = {"type": "about:blank", "title": title, "status": status, "detail": detail or title, **more}
    return JsonResponse(told, status=status, headers=headers, content_type="application/problem+json")


def of_program(request: HttpRequest) -> bool:
    """Whether a program asks, so that it gets a problem and no page."""
    return request.path_info.startswith(PROGRAMS)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Of what Django refuses as suspicious."""
    return problem(400) if of_program(request) else defaults.bad_request(request, exception)


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Of what somebody may not."""
    return problem(403) if of_program(request) else defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Of an address that leads nowhere."""
    if of_program(request):
        return problem(404, f"{request.path_info}: is no address of the API; /api/v1/openapi.json has them all")
    return defaults.page_not_found(request, exception)


def failed(request: HttpRequest) -> HttpResponse:
    """Of an error of ours, which is in the log."""
    return (
        problem(500, "an error of the server; its log says which")
        if of_program(request)
        else defaults.server_error(request)
    )
