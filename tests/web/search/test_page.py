"""The search page: what is asked for by its address, and what it shows."""

import re

import pytest
from django.urls import reverse


@pytest.fixture
def page():
    return reverse("search:page", args=["colours"])


def numbers(response):
    """Of the pictures that are shown, in their order."""
    return [int(number) for number in re.findall(r'data-picture="(\d+)"', response.content.decode())]


def test_it_works(browser, gallery, page):
    red = gallery.pictures.filter(category="red").first()
    shown = browser.get(page, {"like": red.pk})
    assert shown.status_code == 200
    assert numbers(shown)[0] == red.pk
    assert {gallery.pictures.get(pk=number).category for number in numbers(shown)[:8]} == {"red"}


def test_who_is_not_signed_in_is_asked_to(client, gallery, page):
    for address in (page, page + "results/", page + "pictures/1/", page + "uploads/" + 32 * "0" + ".jpg"):
        assert client.get(address).url.startswith(reverse("accounts:login"))
    assert client.post(page + "upload/").status_code == 302


def test_without_a_question_it_shows_all(browser, gallery, page):
    assert numbers(browser.get(page)) == list(gallery.pictures.values_list("pk", flat=True))


def test_classes_folders_and_tags_decide_what_is_shown(browser, gallery, page):
    tagged = gallery.pictures.filter(category="blue")[:3]
    for picture in tagged:
        browser.post(f"{page}pictures/{picture.pk}/tag/", {"tag": "sea"})
    like = {"like": gallery.pictures.first().pk}
    assert sorted(numbers(browser.get(page, {**like, "tag": "sea"}))) == [picture.pk for picture in tagged]
    assert len(numbers(browser.get(page, {**like, "class": ["blue", "green"]}))) == 16
    assert len(numbers(browser.get(page, {**like, "folder": "red/"}))) == 8
    nothing = browser.get(page, {**like, "folder": "re"})
    assert numbers(nothing) == [] and b"None passes" in nothing.content


@pytest.mark.parametrize(
    "asked",
    [
        "like=99999999",
        "like=none",
        "like=1@0,0,0,0",
        "like=1@nan,0,1,1",
        "like=1@0.5",
        "unlike=../../etc/passwd",
        "like=u" + 32 * "0",
        "q=two dogs",
        "since=yesterday",
        "first=-1",
        "first=99999999",
        "rerank=magic",
        "&".join(f"like={number}" for number in range(200)),
    ],
)
def test_what_cannot_be_asked_is_told(browser, gallery, page, asked):
    refused = browser.get(f"{page}?{asked}")
    assert refused.status_code == 400 and b'role="alert"' in refused.content


def test_a_gallery_that_is_not_embedded_yet_says_so(browser, gallery, page):
    gallery.active = None
    gallery.save()
    refused = browser.get(page)
    assert refused.status_code == 400 and b"is not embedded yet" in refused.content
