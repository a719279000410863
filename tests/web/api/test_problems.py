"""What a program is told when its request fails."""

import pytest

ASK = "galleries/colours/search"


def refused(told, status, words):
    assert told.status_code == status and told["Content-Type"] == "application/problem+json"
    problem = told.json()
    assert problem["status"] == status and problem["title"] and problem["type"] == "about:blank"
    assert words in problem["detail"], problem


@pytest.mark.parametrize(
    "body, words",
    [
        ([], "the body: must be an object"),
        ({"parts": [{}]}, "parts[0]: must have exactly one of picture, upload"),
        ({"parts": [{"picture": 1, "sentence": "a dog"}]}, "parts[0]: must have exactly one of"),
        ({"parts": [{"picture": 0}]}, "parts[0].picture: must be at least 1"),
        ({"parts": [{"picture": True}]}, "parts[0].picture: must be a whole number"),
        ({"parts": [{"picture": 10**30}]}, "parts[0].picture: must be at least 1 and at most"),
        ({"parts": [{"picture": 10**18}]}, "is not in this gallery"),
        ({"parts": [{"picture": 1, "sign": 2}]}, "parts[0].sign: must be one of 1, -1"),
        ({"parts": [{"picture": 1, "crop": [0, 0, 1]}]}, "parts[0].crop: must be a list of 4"),
        ({"parts": [{"picture": 1, "crop": [0, 0, 1, "1"]}]}, "parts[0].crop[3]: must be a number"),
        ({"parts": [{"sentence": "\ud800"}]}, "parts[0].sentence: must be Unicode"),
        ({"parts": [{"sentence": "a\0"}]}, "parts[0].sentence: must be Unicode"),
        ({"parts": [{"picture": 1}], "cuont": 3}, "cuont: is not known; did you mean count?"),
        ({"parts": [{"picture": 1}], "count": 1001}, "count: must be at least 1 and at most 1000"),
        ({"parts": [{"picture": 1}], "filter": {"since": "may"}}, "filter.since: must be a day such as"),
        ({"parts": [{"picture": 1}], "filter": {"tags": "sea"}}, "filter.tags: must be a list"),
        ({"parts": [{"picture": 1}] * 33}, "parts: must be at most 32 items"),
    ],
)
def test_what_does_not_fit_is_named(program, gallery, body, words):
    refused(program("POST", ASK, body), 400, words)


@pytest.mark.parametrize("data", [" ", "{", "\xff", "[" * 100_000, '{"count": NaN}', "1e999"])
def test_what_is_no_json_is_refused(program, gallery, data):
    refused(program("POST", ASK, data=data), 400, "the body")


def test_another_type_of_body_is_refused(program, gallery):
    refused(program("POST", ASK, data="a=b", content_type="application/x-www-form-urlencoded"), 415, "application/json")
    refused(program("POST", ASK, data="a=b", content_type=""), 415, "application/json")


def test_an_address_that_leads_nowhere(program, db):
    refused(program("GET", "galeries"), 404, "is not there")
    refused(program("GET", "galleries/nothing"), 404, "nothing: is no gallery")
    refused(program("GET", "galleries/../../etc/passwd"), 404, "")


def test_another_method_is_refused_with_those_that_are_taken(program, db):
    told = program("DELETE", "galleries")
    refused(told, 405, "DELETE")
    assert "GET" in told["Allow"]


def test_a_large_body_is_refused(program, gallery, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    refused(program("POST", ASK, {"parts": [{"sentence": "a" * 200}]}), 413, "large")


def test_an_error_of_ours_is_told_as_one(program, gallery, monkeypatch):
    monkeypatch.setattr("web.api.views.search.answer", lambda *_, **__: 1 / 0)
    refused(program("POST", ASK, {"parts": [{"picture": 1}]}), 500, "log")
