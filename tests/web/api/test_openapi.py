"""The description of the API, held against what answers; every other test of the API holds its answers against it."""

import pytest
from django.urls import get_resolver

from web.api.endpoint import CONVERTED
from web.api.table import ENDPOINTS

JPEG = {"content_type": "image/jpeg"}

# Of every endpoint a request that it answers, with {picture}, {other} and {job} of the gallery of the tests.
ASKED = {
    "openapi": {},
    "galleries": {},
    "add_gallery": {"body": {"source": "{source}", "model": "{model}", "name": "Second"}},
    "gallery": {},
    "remove_gallery": {},
    "refresh_gallery": {},
    "jobs": {},
    "job": {},
    "stop_job": {},
    "go_on_with_job": {},
    "search": {"body": {"parts": [{"picture": "{picture}"}]}},
    "search_by_link": {"query": "?like={picture}&class=red"},
    "search_by_picture": JPEG,
    "send_picture": JPEG,
    "pictures": {"query": "?count=2"},
    "picture": {},
    "small_picture": {},
    "large_picture": {},
    "add_tag": {},
    "remove_tag": {},
    "classes": {},
    "rename_class": {"body": {"category": "red", "name": "rot"}},
    "merge_class": {"body": {"category": "red", "name": "blue"}},
    "label": {"body": {"label": "blue", "pictures": [{"picture": "{picture}", "revision": 0}]}},
    "pair": {"body": {"pictures": ["{picture}", "{other}"], "told": "same"}},
    "changes": {},
    "undo": {"body": {}},
    "redo": {},
}


@pytest.fixture
def described(client, db):
    return client.get("/api/v1/openapi.json").json()


@pytest.fixture
def facts(gallery, encoder, staff):
    """What ASKED leaves open."""
    from web.annotate import labels, undoing

    job = gallery.jobs.create(kind="refresh", state="stopped")
    first, second, third = gallery.pictures.all()[:3]
    labels.assign(gallery, staff, "odd", {third.pk: 0})
    labels.assign(gallery, staff, "odder", {second.pk: 0})
    undoing.undo(gallery, staff)
    known = {"slug": "colours", "tag": "sea", "number": job.pk, "source": gallery.source, "model": encoder.path}
    return {**known, "picture": first.pk, "other": second.pk}


def filled(value, facts):
    """``value`` with its braces replaced; a text that is all one brace becomes the fact itself."""
    if isinstance(value, dict):
        return {name: filled(one, facts) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, facts) for one in value]
    if not isinstance(value, str):
        return value
    return facts.get(value.strip("{}"), value.format(**facts)) if value.startswith("{") else value.format(**facts)


def test_it_works_without_a_token(described):
    assert described["openapi"].startswith("3.1.")
    assert described["paths"]["/galleries/{slug}/search"]["post"]["summary"].startswith("Search a gallery")


def test_every_address_is_described(described):
    resolver = next(one for one in get_resolver().url_patterns if str(one.pattern) == "api/v1/")
    routes = {"/" + CONVERTED.sub(r"{\g<name>}", str(one.pattern)) for one in resolver.url_patterns}
    assert routes == {"/", *described["paths"]}  # "/" is the page for people


def test_every_endpoint_and_field_says_what_it_is(described):
    operations = [one for path in described["paths"].values() for one in path.values()]
    assert len(operations) == len(ENDPOINTS) and all(one["summary"] for one in operations)
    assert {one["operationId"] for one in operations} == set(ASKED)
    assert all(one["description"] for one in described["components"]["schemas"].values())


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: one.name)
def test_every_endpoint_answers_as_it_is_described(manager, endpoint, facts, photos):
    pytest.importorskip("jsonschema")
    asked = dict(ASKED[endpoint.name])
    if "pictures/" in endpoint.address:
        facts = {**facts, "number": facts["picture"]}
    address = endpoint.address.lstrip("/").format(**facts) + filled(asked.pop("query", ""), facts)
    if asked.get("content_type"):
        asked["data"] = (photos / "red" / "0.jpg").read_bytes()
    answer = manager(endpoint.method, address, **filled(asked, facts))
    assert answer.status_code == endpoint.status, answer.content


def test_an_answer_that_is_not_as_described_is_found(reader, gallery, monkeypatch):
    pytest.importorskip("jsonschema")
    from jsonschema import ValidationError

    monkeypatch.setattr(
        "web.api.views.galleries.Count", lambda *_, **__: None or __import__("django").db.models.Value("many")
    )
    with pytest.raises(ValidationError, match="many"):
        reader("GET", "galleries/colours")


@pytest.mark.parametrize("endpoint", [one for one in ENDPOINTS if one.scope], ids=lambda one: one.name)
def test_every_endpoint_needs_its_scope(client, user, db, endpoint):
    from web.accounts import bearer

    places = {"slug": "nothing", "number": 1, "tag": "a"}
    address = f"/api/v1{endpoint.address}".format(**places)
    assert client.generic(endpoint.method, address).status_code == 401
    below = {"annotate": "read", "manage": "annotate"}.get(endpoint.scope)
    if below:
        headers = {"Authorization": f"Bearer {bearer.made(user, 'a', below)[1]}"}
        told = client.generic(endpoint.method, address, headers=headers)
        assert told.status_code == 403 and endpoint.scope in told["WWW-Authenticate"]
