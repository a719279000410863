"""The page on which one changes the password."""

import io

import pytest
from django.contrib.auth.management.commands import changepassword
from django.core.management import call_command
from django.test import Client

PAGE = "/accounts/password/"
NEW = {"old_password": "of-tests-alone", "new_password1": "quite another 7", "new_password2": "quite another 7"}


def test_it_works(browser, user):
    assert browser.post(PAGE, NEW, follow=True).status_code == 200
    user.refresh_from_db()
    assert user.check_password("quite another 7") and browser.get("/").status_code == 200


def test_sessions_elsewhere_end(browser, user):
    elsewhere = Client()
    elsewhere.force_login(user)
    assert elsewhere.get("/").status_code == 200
    browser.post(PAGE, NEW)
    assert elsewhere.get("/").status_code == 302


def test_who_is_not_signed_in_is_asked_to(client, db):
    assert client.get(PAGE).status_code == 302


@pytest.mark.parametrize(
    "change",
    [
        {"old_password": "wrong"},
        {"new_password2": "another"},
        {"new_password1": "short", "new_password2": "short"},
        {"new_password1": "password123", "new_password2": "password123"},
        {"new_password1": "", "new_password2": ""},
    ],
)
def test_a_bad_one_is_refused(browser, user, change):
    assert browser.post(PAGE, NEW | change).status_code == 200
    user.refresh_from_db()
    assert user.check_password("of-tests-alone")


def test_a_lost_one_is_replaced_on_the_server(client, user, monkeypatch):
    """As the page of signing in tells it: python -m web.manage changepassword NAME."""
    assert "python -m web.manage changepassword NAME" in client.get("/accounts/login/").content.decode()
    monkeypatch.setattr(changepassword.getpass, "getpass", lambda prompt: "quite another 7")
    call_command("changepassword", "ann", stdout=io.StringIO())
    sent = {"username": "ann", "password": "quite another 7"}
    assert client.post("/accounts/login/", sent).status_code == 302
