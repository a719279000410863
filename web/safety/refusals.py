"""Refusals: the answer to a request that is refused, as a page or as JSON, with the reason that the log tells."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from datasets.errors import InputError
from web.safety.problem import problem

PAGES = (400, 403, 404, 500)  # statuses with a page of their own; the others share that of 400


class Refused(InputError):
    """A request that is refused for a reason, one line, with another ``status`` than 400."""

    def __init__(self, why: str, status: int) -> None:
        super().__init__(why)
        self.status = status


def answered(request: HttpRequest, status: int, why: str) -> HttpResponse:
    """The refusal as what was asked for, a page or a problem; ``why`` is for people and for the log."""
    if wants_json(request):
        return problem(status, why)
    answer = render(request, f"{status if status in PAGES else 400}.html", {"why": why}, status=status)
    answer.why = why  # type: ignore[attr-defined]  # what web.safety.watch writes
    return answer


def wants_json(request: HttpRequest) -> bool:
    """Whether a program asks, by the address or by what it accepts."""
    if request.path.startswith("/api/"):
        return True
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """For what Django finds wrong: a host that is not ours, too many fields, ..."""
    why = _("the request cannot be understood")  # xgettext finds no words in an f-string
    return answered(request, 400, f"{type(exception).__name__}: {why}")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """For somebody who may not."""
    return answered(request, 403, str(exception))


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """For what is not there."""
    return answered(request, 404, _("is not there"))


def failed(request: HttpRequest) -> HttpResponse:
    """For a fault of ours, whose traceback the log has."""
    return answered(request, 500, _("a fault of the server; its log has more"))


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """For a form that did not come from our page."""
    return answered(request, 403, _("This form is not from here, or is too old: load the page again. (CSRF)"))
