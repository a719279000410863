"""What tests of the API share: a program with a token, and how it asks."""

import json

import pytest
from django.test import Client


class Program:
    """A client that asks /api/v1 with a token, and no cookie."""

    def __init__(self, secret: str) -> None:
        self.client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {secret}"}

    def __call__(self, method, address, body=None, **more):
        data = more.pop("data", "" if body is None else json.dumps(body))
        kind = more.pop("content_type", "application/json")
        headers = {**self.headers, **more.pop("headers", {})}
        return self.client.generic(method, f"/api/v1/{address}", data, kind, headers=headers, **more)


@pytest.fixture
def program(user):
    """One that may search and annotate."""
    from web.accounts import bearer

    return Program(bearer.made(user, "of tests", "annotate")[1])


@pytest.fixture
def reader(user):
    """One that may only search."""
    from web.accounts import bearer

    return Program(bearer.made(user, "of tests", "read")[1])


@pytest.fixture
def manager(staff):
    """One that may manage."""
    from web.accounts import bearer

    return Program(bearer.made(staff, "of tests", "manage")[1])
