"""Problem: what a program is told when its request fails, as JSON by RFC 9457, in place of a page."""

from http import HTTPStatus
from typing import Any

from django.http import JsonResponse


def problem(status: int, why: str = "", headers: dict[str, str] | None = None, **more: Any) -> JsonResponse:
    """The answer with a status of 400 and more; ``why`` is its detail, ``more`` are further members of the problem."""
    title = HTTPStatus(status).phrase
    told = {"type": "about:blank", "title": title, "status": status, "detail": why or title, **more}
    answer = JsonResponse(told, status=status, headers=headers, content_type="application/problem+json")
    answer.why = why  # type: ignore[attr-defined]  # what web.safety.watch writes
    return answer
