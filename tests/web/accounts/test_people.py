"""The page of people, for staff."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from web.accounts import bearer

PAGE = "/accounts/people/"


def password_of(page) -> str:
    return re.search(r'<code class="secret">(.*?)</code>', page.content.decode()).group(1)


def change(browser, person, what):
    return browser.post(f"{PAGE}{person.pk}/{what}/")


def test_it_works(staff_browser):
    page = staff_browser.post(PAGE, {"username": "bob"})
    bob = get_user_model().objects.get(username="bob")
    assert bob.check_password(password_of(page)) and not bob.is_staff and "no-store" in page["Cache-Control"]


def test_one_who_manages(staff_browser):
    staff_browser.post(PAGE, {"username": "bob", "is_staff": "on"})
    assert get_user_model().objects.get(username="bob").is_staff


def test_who_is_disabled_is_out_at_once_and_comes_back(staff_browser, user):
    elsewhere = Client()
    elsewhere.force_login(user)
    _, secret = bearer.made(user, "a", "read")
    change(staff_browser, user, "disable")
    assert elsewhere.get("/").status_code == 302 and bearer.known(secret) is None
    change(staff_browser, user, "enable")
    assert elsewhere.get("/").status_code == 200 and bearer.known(secret)


def test_a_reset_ends_sessions_and_tokens(staff_browser, user):
    elsewhere = Client()
    elsewhere.force_login(user)
    _, secret = bearer.made(user, "a", "read")
    password = password_of(change(staff_browser, user, "reset"))
    user.refresh_from_db()
    assert user.check_password(password) and elsewhere.get("/").status_code == 302 and bearer.known(secret) is None


def test_somebody_is_let_manage_and_no_more(staff_browser, user):
    change(staff_browser, user, "promote")
    assert get_user_model().objects.get(pk=user.pk).is_staff
    change(staff_browser, user, "demote")
    assert not get_user_model().objects.get(pk=user.pk).is_staff


@pytest.mark.parametrize("what", ["disable", "demote", "reset"])
def test_nobody_locks_themselves_out(staff_browser, staff, what):
    assert change(staff_browser, staff, what).status_code == 403
    again = get_user_model().objects.get(pk=staff.pk)
    assert again.is_active and again.is_staff and again.check_password("of-tests-alone")


def test_who_is_no_staff_may_not(browser, staff):
    assert browser.get(PAGE).status_code == 403
    assert browser.post(PAGE, {"username": "bob", "is_staff": "on"}).status_code == 403
    assert change(browser, staff, "disable").status_code == 403
    assert not get_user_model().objects.filter(username="bob").exists()


def test_who_is_not_signed_in_is_asked_to(client, db):
    assert client.get(PAGE).status_code == 302


@pytest.mark.parametrize("name", ["", "a b", "a" * 151, "<b>", "sue", "a\0"])
def test_a_bad_name_is_refused(staff_browser, name):
    assert staff_browser.post(PAGE, {"username": name}).status_code == 400
    assert get_user_model().objects.count() == 1


def test_what_is_no_change_and_who_is_nobody(staff_browser, user):
    assert change(staff_browser, user, "explode").status_code == 404
    assert staff_browser.post(f"{PAGE}99999/disable/").status_code == 404
    assert staff_browser.get(f"{PAGE}{user.pk}/disable/").status_code == 405


def test_it_speaks_of_no_admin_site(staff_browser):
    assert "admin site" not in staff_browser.get(PAGE).content.decode()
