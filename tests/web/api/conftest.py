"""What tests of the API share: a program with a token, whose every answer is held against the description."""

import functools
import importlib.util
import json
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import resolve

CHECKED = importlib.util.find_spec("jsonschema") is not None


@functools.cache
def description():
    from web.api.openapi import described
    from web.api.table import ENDPOINTS

    return described(ENDPOINTS)


def validator(schema):
    """Of a schema of the description, in which no answer may have more than it says."""
    from jsonschema import Draft202012Validator, FormatChecker

    components = json.loads(json.dumps(description()["components"]))
    for one in components["schemas"].values():
        one["additionalProperties"] = False
    return Draft202012Validator({**schema, "components": components}, format_checker=FormatChecker())


def operation(method, address):
    """What the description says of an address; None where it is no address of the API."""
    from web.api.endpoint import CONVERTED

    path = "/" + CONVERTED.sub(
        r"{\g<name>}", resolve(urlsplit(f"/api/v1/{address}").path).route.removeprefix("api/v1/")
    )
    return description()["paths"][path].get(method.lower())


def check(method, address, answer):
    """Raises where an answer is not as the description says."""
    kind = answer.get("Content-Type", "")
    if kind == "application/problem+json":
        content = {"schema": {"$ref": "#/components/schemas/Problem"}}
    else:
        told = operation(method, address)["responses"][str(answer.status_code)]
        content = told.get("content", {"": {}})[kind]
    if "schema" in content and CHECKED:
        validator(content["schema"]).validate(answer.json())


class Program:
    """A client that asks /api/v1 with a token, and no cookie."""

    def __init__(self, secret: str) -> None:
        self.client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {secret}"}

    def __call__(self, method, address, body=None, **more):
        data = more.pop("data", "" if body is None else json.dumps(body))
        kind = more.pop("content_type", "application/json")
        headers = {**self.headers, **more.pop("headers", {})}
        answer = self.client.generic(method, f"/api/v1/{address}", data, kind, headers=headers, **more)
        if answer.status_code == 304:
            return answer
        check(method, address, answer)
        return answer

    def form(self, address, fields):
        """A form with files, as a browser and curl -F send it."""
        answer = self.client.post(f"/api/v1/{address}", fields, headers=self.headers)
        check("POST", address, answer)
        return answer


@pytest.fixture
def program(user):
    """One that may search and annotate."""
    return _of(user, "annotate")


@pytest.fixture
def reader(user):
    """One that may only search."""
    return _of(user, "read")


@pytest.fixture
def manager(staff):
    """One that may manage."""
    return _of(staff, "manage")


def _of(user, scope):
    from web.accounts import bearer

    return Program(bearer.made(user, "of tests", scope)[1])
