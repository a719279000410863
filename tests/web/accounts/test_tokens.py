"""The page of one's tokens."""

import re

import pytest

from web.accounts import bearer
from web.accounts.models import Token

PAGE = "/accounts/tokens/"


def secret_of(page) -> str:
    return re.search(r'<code class="secret">(.*?)</code>', page.content.decode()).group(1)


def test_it_works(browser, client):
    page = browser.post(PAGE, {"name": "a script", "scope": "annotate"})
    assert bearer.known(secret_of(page)).scope == "annotate"
    assert "no-store" in page["Cache-Control"]


def test_a_secret_is_shown_once(browser):
    secret = secret_of(browser.post(PAGE, {"name": "a script", "scope": "read"}))
    page = browser.get(PAGE).content.decode()
    assert secret not in page and "a script" in page


def test_one_is_revoked(browser):
    secret = secret_of(browser.post(PAGE, {"name": "a script", "scope": "read"}))
    assert browser.post(f"{PAGE}{Token.objects.get().pk}/revoke/", follow=True).status_code == 200
    assert bearer.known(secret) is None


def test_nobody_revokes_or_sees_those_of_others(browser, staff):
    token, _ = bearer.made(staff, "hers", "manage")
    assert browser.post(f"{PAGE}{token.pk}/revoke/").status_code == 404
    assert "hers" not in browser.get(PAGE).content.decode() and Token.objects.exists()


def test_to_look_at_an_address_revokes_nothing(browser, user):
    token, _ = bearer.made(user, "mine", "read")
    assert browser.get(f"{PAGE}{token.pk}/revoke/").status_code == 405


def test_only_staff_makes_one_that_manages(browser):
    assert browser.post(PAGE, {"name": "a", "scope": "manage"}).status_code == 400 and not Token.objects.exists()


def test_staff_does(staff_browser):
    assert staff_browser.post(PAGE, {"name": "a", "scope": "manage"}).status_code == 200
    assert Token.objects.get().scope == "manage"


@pytest.mark.parametrize(
    "sent", [{}, {"name": "", "scope": "read"}, {"name": "a" * 101, "scope": "read"}, {"name": "a"}]
)
def test_a_bad_one_is_refused(browser, sent):
    assert browser.post(PAGE, sent).status_code == 400 and not Token.objects.exists()


def test_a_name_is_shown_as_text(browser):
    page = browser.post(PAGE, {"name": "<script>alert(1)</script>", "scope": "read"}).content.decode()
    assert "<script>alert" not in page and "&lt;script&gt;" in page


def test_who_is_not_signed_in_is_asked_to(client, db):
    assert client.get(PAGE).status_code == 302
