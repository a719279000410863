"""Mistakes: an InputError that leaves a view is its user's mistake, and is answered by its line and 400.

So is what the database cannot keep: it came with the request, a text with the character 0 or a number beyond all. What
was removed between two looks at it is not there.
"""

import logging
from collections.abc import Callable

from django.core.exceptions import ObjectDoesNotExist
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from datasets.errors import InputError
from web.safety.refusals import answered

log = logging.getLogger(__name__)


class Mistakes:
    """Middleware, the innermost."""

    def __init__(self, inner: Callable[[HttpRequest], HttpResponse]) -> None:
        self.inner = inner

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer what the view answers."""
        return self.inner(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The mistake as an answer; None for what is a fault of ours."""
        if isinstance(exception, InputError):
            return answered(request, getattr(exception, "status", 400), " ".join(str(exception).split()))
        if isinstance(exception, DataError):
            return answered(request, 400, _("a text or a number in the request is none that can be kept"))
        if isinstance(exception, ObjectDoesNotExist):
            log.info("%s: %s", request.path, exception)
            return answered(request, 404, _("is not there any more"))
        return None
