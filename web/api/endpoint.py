"""Endpoint: one method of one address, from which both its view and its description are made."""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, get_type_hints

from django.http import HttpRequest

from web.api.shapes.schema import first_lines

QUERY, BODY = "query", "body"  # parameters of a view that a dataclass describes
JSON = "application/json"
CONVERTED = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>")  # a part of a route that Django converts


@dataclass(frozen=True)
class Endpoint:
    """One method of one address.

    route : as Django has it, after /api/v1/
    view : takes the request, what the route's converters found, and if it has them ``query`` and ``body``, dataclasses
        read from the address and from JSON; it returns a dataclass. Its docstring is the description
    scope : what a token needs; None for an address that is open to all
    status : of the answer that its return type describes
    media : types of bodies that it reads itself, in place of ``body``; with a dataclass of a form's fields, or None
    """

    method: str
    route: str
    view: Callable[..., Any]
    scope: str | None
    status: int = 200
    media: Mapping[str, Any] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """As OpenAPI has it, from the server's address on: /galleries/{slug}."""
        return "/" + CONVERTED.sub(r"{\g<name>}", self.route)

    @property
    def name(self) -> str:
        """By which clients that are generated call it: search_by_picture."""
        return self.view.__name__

    @property
    def summary(self) -> str:
        """The first paragraph of its docstring."""
        return first_lines(self.view)

    @property
    def more(self) -> str:
        """The rest of it."""
        return "\n\n".join((inspect.getdoc(self.view) or "").split("\n\n")[1:])

    @cached_property
    def types(self) -> dict[str, Any]:
        """{parameter: type}, and "return"."""
        return get_type_hints(self.view, include_extras=True)

    @property
    def bodies(self) -> tuple[str, ...]:
        """The types of bodies that it takes."""
        return (JSON, *self.media) if BODY in self.types else tuple(self.media)

    @property
    def answer(self) -> Any:
        """The type of its answer; NoneType for none."""
        return self.types["return"]

    def takes(self, request: HttpRequest) -> bool:
        """Whether a request has its method."""
        return request.method == self.method or (request.method == "HEAD" and self.method == "GET")
