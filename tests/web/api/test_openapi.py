"""The description of the API, held against what answers."""

import pytest
from django.urls import get_resolver

from web.api.endpoint import CONVERTED
from web.api.table import ENDPOINTS


@pytest.fixture
def described(client, db):
    return client.get("/api/v1/openapi.json").json()


def test_it_works_without_a_token(described):
    assert described["openapi"].startswith("3.1.")
    assert (
        described["paths"]["/galleries/{slug}/search"]["post"]["summary"]
        == "Search a gallery with pictures, sentences and vectors, with plus and minus."
    )


def test_every_address_is_described(described):
    resolver = next(one for one in get_resolver().url_patterns if str(one.pattern) == "api/v1/")
    routes = {"/" + CONVERTED.sub(r"{\g<name>}", str(one.pattern)) for one in resolver.url_patterns}
    assert routes == {"/", *described["paths"]}  # "/" is the page for people


def test_every_endpoint_and_field_says_what_it_is(described):
    operations = [one for path in described["paths"].values() for one in path.values()]
    assert len(operations) == len(ENDPOINTS) and all(one["summary"] for one in operations)
    assert len({one["operationId"] for one in operations}) == len(ENDPOINTS)
    assert all(one["description"] for one in described["components"]["schemas"].values())
