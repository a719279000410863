"""Resource: the view of one address, made from its endpoints; whatever goes wrong in it is answered by a problem."""

import json
from collections.abc import Callable, Sequence
from dataclasses import is_dataclass
from datetime import date, datetime
from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from datasets.errors import InputError
from web.api.access import admit
from web.api.endpoint import BODY, JSON, QUERY, Endpoint
from web.api.shapes.read import read
from web.api.shapes.words import from_words
from web.api.wrong import Wrong
from web.safety.problem import problem


def resource(endpoints: Sequence[Endpoint]) -> Callable[..., HttpResponse]:
    """The view of the address that ``endpoints``, one a method, share.

    Access is by ``admit``, which knows tokens; Django's own checks of sessions and CSRF are left to it.
    """

    @csrf_exempt
    @login_not_required
    def view(request: HttpRequest, **found: Any) -> HttpResponse:
        endpoint = next((one for one in endpoints if one.takes(request)), None)
        if endpoint is None:
            allowed = ", ".join(one.method for one in endpoints)
            return problem(405, f"{request.method}: this address takes {allowed}", {"Allow": allowed})
        return _guarded(request, endpoint, found)

    return view


def _guarded(request: HttpRequest, endpoint: Endpoint, found: dict[str, Any]) -> HttpResponse:
    """The answer, or the problem that there was; an error of ours goes on to Django, which logs it."""
    try:
        return _answered(request, endpoint, found)
    except Wrong as error:
        return problem(error.status, str(error), error.headers, **error.more)
    except InputError as error:
        return problem(getattr(error, "status", 400), str(error))
    except Http404 as error:
        return problem(404, str(error))
    except PermissionDenied as error:
        return problem(403, str(error))
    except RequestDataTooBig:
        return problem(413, "the body is too large")
    except (SuspiciousOperation, MultiPartParserError, UnreadablePostError) as error:
        return problem(400, f"the body cannot be read: {error}")


def _answered(request: HttpRequest, endpoint: Endpoint, found: dict[str, Any]) -> HttpResponse:
    if endpoint.scope is not None:
        admit(request, endpoint.scope)
    if QUERY in endpoint.types:
        found[QUERY] = from_words(endpoint.types[QUERY], request.GET)
    if endpoint.bodies:
        _check_type(request.content_type, endpoint.bodies)
    if BODY in endpoint.types:
        found[BODY] = read(endpoint.types[BODY], parsed(request.body))
    return written(endpoint.view(request, **found), endpoint.status)


def _check_type(given: str, known: Sequence[str]) -> None:
    """Raises Wrong where a body is of a type that is not taken."""
    if given not in known and f"{given.partition('/')[0]}/*" not in known:
        raise Wrong(f"Content-Type {given or 'is missing'}: must be one of {', '.join(known)}", 415)


def parsed(text: bytes | str) -> Any:
    """What JSON says; raises InputError where it is none."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise InputError(f"the body is no JSON: {error}") from error


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no number")


def written(told: Any, status: int) -> HttpResponse:
    """A dataclass as JSON; None as nothing."""
    if isinstance(told, HttpResponse):
        return told
    if told is None:
        return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"Content-Type": ""})
    text = json.dumps(told, default=_plain, ensure_ascii=False, separators=(",", ":"))
    return HttpResponse(text, status=status, content_type=JSON, headers={"Cache-Control": "no-store"})


def _plain(value: Any) -> Any:
    """What json does not know by itself."""
    if is_dataclass(value):
        return vars(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"{type(value)}: is not for JSON")
