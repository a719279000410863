"""Who may ask, by which token, or signed in by a browser."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from web.accounts.models import Token


def test_it_works(program):
    assert program("GET", "galleries").json() == {"galleries": []}


def test_who_shows_nothing_is_told_what_to_show(client, db):
    told = client.get("/api/v1/galleries")
    assert told.status_code == 401 and told["WWW-Authenticate"] == "Bearer"
    assert told["Content-Type"] == "application/problem+json" and "/accounts/tokens/" in told.json()["detail"]


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer ", "Bearer", "Basic YTpi", "", "Bearer \xe9"])
def test_a_token_that_is_none_is_refused_even_with_a_session(browser, header):
    told = browser.get("/api/v1/galleries", headers={"Authorization": header})
    assert told.status_code == 401 and told["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_a_token_of_somebody_who_was_disabled_is_refused(program, user):
    user.is_active = False
    user.save()
    assert program("GET", "galleries").status_code == 401


def test_a_token_that_was_revoked_is_refused(program):
    Token.objects.all().delete()
    assert program("GET", "galleries").status_code == 401


def test_only_the_hash_of_a_token_is_kept(program):
    secret = program.headers["Authorization"].removeprefix("Bearer ")
    token = Token.objects.get()
    assert secret.startswith("de_") and len(secret) > 40
    assert secret not in map(str, vars(token).values()) and len(token.digest) == 64


def test_when_a_token_was_used_is_noted_once_a_minute(program, django_assert_num_queries):
    assert Token.objects.get().used is None
    program("GET", "galleries")
    noted = Token.objects.get().used
    assert noted is not None
    with django_assert_num_queries(2):  # the token with its user, and the galleries
        program("GET", "galleries")
    Token.objects.update(used=noted - timedelta(minutes=2))
    program("GET", "galleries")
    assert Token.objects.get().used >= noted


def test_a_token_needs_no_session_and_sets_no_cookie(program, gallery):
    told = program("POST", "galleries/colours/search", {"parts": [{"picture": gallery.pictures.first().pk}]})
    assert told.status_code == 200 and not told.cookies and told["Cache-Control"] == "no-store"


def test_a_session_reads(browser, gallery):
    assert browser.get("/api/v1/galleries/colours").json()["pictures"] == 24


def test_a_session_needs_a_csrf_token_to_send(user, gallery, settings):
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    body = {"parts": [{"picture": gallery.pictures.first().pk}]}

    def ask(**headers):
        return client.post("/api/v1/galleries/colours/search", body, content_type="application/json", headers=headers)

    assert ask().status_code == 403 and "CSRF" in ask().json()["detail"]
    client.get(reverse("galleries:list"))
    assert ask(**{"X-CSRFToken": client.cookies[settings.CSRF_COOKIE_NAME].value}).status_code == 200
