"""The page that lists the API for people."""

from web.api.table import ENDPOINTS

PAGE = "/api/v1/"


def test_it_works(browser):
    page = browser.get(PAGE).content.decode()
    assert all(one.summary in page for one in ENDPOINTS) and "/api/v1/galleries/{slug}/search" in page


def test_who_is_not_signed_in_is_asked_to(client, db):
    assert client.get(PAGE).status_code == 302
