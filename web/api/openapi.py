"""OpenAPI: the description of the API (version 3.1.0 of its standard), made from the endpoints that answer it."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse

from web.api.endpoint import BODY, CONVERTED, QUERY, Endpoint
from web.api.shapes.kinds import members
from web.api.shapes.schema import fields, schema
from web.api.wrong import Problem

BASE = "/api/v1"
CONVERTERS = {
    "int": {"type": "integer", "minimum": 0},
    "slug": {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"},
    "str": {"type": "string"},
}
WRONG = {
    "description": "refused",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
ABOUT = "Search galleries of pictures by pictures, sentences and vectors; look at their pictures and annotate them."
TOKEN = "A token of /accounts/tokens/, sent as `Authorization: Bearer TOKEN`."


def described(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """The whole description, as JSON has it."""
    named: dict[str, Any] = {}
    schema(Problem, named)
    paths: dict[str, Any] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.address, {})[endpoint.method.lower()] = _operation(endpoint, named)
    return {
        "openapi": "3.1.0",
        "info": {"title": "DeepEmbedding", "version": "1", "description": ABOUT},
        "servers": [{"url": BASE}],
        "paths": paths,
        "components": {
            "schemas": named,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": TOKEN}},
        },
    }


def _operation(endpoint: Endpoint, named: dict[str, Any]) -> dict[str, Any]:
    made = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "description": endpoint.more,
        "parameters": [*_of_path(endpoint), *_of_query(endpoint, named)],
        "requestBody": _request_body(endpoint, named),
        "responses": {str(endpoint.status): _response(endpoint, named), "default": WRONG},
        "security": [{"token": [endpoint.scope]}] if endpoint.scope else [],
    }
    return {name: value for name, value in made.items() if value or name == "security"}


def _of_path(endpoint: Endpoint) -> list[dict[str, Any]]:
    return [
        {"name": found["name"], "in": "path", "required": True, "schema": CONVERTERS[found["kind"]]}
        for found in CONVERTED.finditer(endpoint.route)
    ]


def _of_query(endpoint: Endpoint, named: dict[str, Any]) -> list[dict[str, Any]]:
    if QUERY not in endpoint.types:
        return []
    return [
        {"name": name, "in": "query", "required": field.needed, "schema": schema(field.kind, named)}
        for name, field in members(endpoint.types[QUERY]).items()
    ]


def _request_body(endpoint: Endpoint, named: dict[str, Any]) -> dict[str, Any] | None:
    if BODY in endpoint.types:
        return {"required": True, "content": {"application/json": {"schema": schema(endpoint.types[BODY], named)}}}
    content = {media: {"schema": fields(form, named)} if form else {} for media, form in endpoint.media.items()}
    return {"required": True, "content": content} if content else None


def _response(endpoint: Endpoint, named: dict[str, Any]) -> dict[str, Any]:
    if endpoint.answer is type(None):
        return {"description": "done"}
    if endpoint.answer is HttpResponse:
        return {"description": "the picture", "content": {"image/jpeg": {}}}
    return {"description": "the answer", "content": {"application/json": {"schema": schema(endpoint.answer, named)}}}
