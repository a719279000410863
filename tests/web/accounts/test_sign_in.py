"""The page of signing in."""

from datetime import timedelta

import pytest
from django.utils import timezone

from web.accounts import attempts
from web.accounts.models import Attempt

PAGE = "/accounts/login/"


@pytest.fixture
def tries(client, user):
    def sign_in(password="wrong", name="ann", address="127.0.0.1"):
        return client.post(PAGE, {"username": name, "password": password}, REMOTE_ADDR=address)

    return sign_in


def test_it_works(tries, client):
    assert tries("of-tests-alone").status_code == 302
    assert client.get("/").status_code == 200 and not Attempt.objects.exists()


def test_a_wrong_password_does_not(tries, client):
    assert tries().status_code == 200 and client.get("/").status_code == 302


def test_who_is_disabled_does_not_come_in(tries, client, user):
    user.is_active = False
    user.save()
    assert tries("of-tests-alone").status_code == 200 and client.get("/").status_code == 302


def test_who_tries_often_waits_even_with_the_right_password(tries, client):
    for _ in range(attempts.MOST):
        assert tries().status_code == 200
    refused = tries("of-tests-alone")
    assert refused.status_code == 429 and int(refused["Retry-After"]) >= 60
    assert "Too many tries" in refused.content.decode() and client.get("/").status_code == 302


def test_others_need_not_wait_for_them(tries):
    for _ in range(attempts.MOST + 1):
        tries()
    assert tries("of-tests-alone", address="10.0.0.7").status_code == 302


def test_many_addresses_are_stopped_together(tries, monkeypatch):
    monkeypatch.setattr(attempts, "MOST_OF_NAME", 8)
    told = [tries(address=f"10.0.0.{number}").status_code for number in range(10)]
    assert told == [200] * 8 + [429] * 2


def test_after_a_while_one_may_try_again(tries):
    for _ in range(attempts.MOST + 1):
        tries()
    Attempt.objects.update(when=timezone.now() - attempts.WINDOW - timedelta(seconds=1))
    assert tries("of-tests-alone").status_code == 302


@pytest.mark.parametrize("name", ["", "a" * 10_000, "a\0b", "'; drop table", "../../etc"])
def test_odd_names_are_only_wrong(tries, name):
    assert tries(name=name).status_code in (200, 429)


def test_it_leads_to_no_other_site(client, user):
    told = client.post(PAGE + "?next=https://evil.example/", {"username": "ann", "password": "of-tests-alone"})
    assert told.status_code == 302 and told.url == "/"
