"""The page of all galleries."""

from django.urls import reverse


def test_it_works(browser, gallery):
    page = browser.get(reverse("galleries:list"))
    assert page.status_code == 200 and b"Colours" in page.content


def test_who_is_not_signed_in_is_asked_to(client, db):
    page = client.get(reverse("galleries:list"))
    assert page.status_code == 302 and page.url.startswith(reverse("accounts:login"))


def test_the_search_page_of_a_gallery_is_there(browser, gallery):
    assert browser.get(reverse("search:page", args=["colours"])).status_code == 200
    assert browser.get(reverse("search:page", args=["nothing"])).status_code == 404
