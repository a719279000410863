"""The page of one picture, with its tags."""

import pytest
from django.urls import reverse

from web.galleries.models import Gallery, Tag


@pytest.fixture
def picture(gallery):
    return gallery.pictures.filter(category="red").first()


@pytest.fixture
def page(picture):
    return reverse("search:picture", args=["colours", picture.pk])


def test_it_works(browser, picture, page):
    shown = browser.get(page, {"class": "red", "like": "3"})
    assert shown.status_code == 200
    assert b"red/0.jpg" in shown.content and b"64 \xc3\x97 64" in shown.content
    assert b"/g/colours/?like=3&amp;class=red" in shown.content  # back
    alone = browser.get(page + "details/")
    assert b"red/0.jpg" in alone.content and b"<html" not in alone.content


def test_it_is_shown_whatever_was_asked_before(browser, page):
    assert browser.get(page, {"like": "nonsense"}).status_code == 200


def test_a_picture_of_another_gallery_is_none_of_this_one(browser, picture):
    Gallery.objects.create(slug="other", name="Other", source="/nowhere")
    for name in ("picture", "details"):
        assert browser.get(reverse(f"search:{name}", args=["other", picture.pk])).status_code == 404
    assert browser.post(reverse("search:tag", args=["other", picture.pk]), {"tag": "x"}).status_code == 404


def test_tags_come_and_go(browser, picture, page):
    answered = browser.post(page + "tag/?like=3", {"tag": "  my   own "})
    assert answered.status_code == 302 and answered.url == page + "?like=3"
    browser.post(page + "tag/", {"tag": "my own"})
    assert [tag.name for tag in picture.tags.all()] == ["my own"]
    browser.post(page + "untag/", {"tag": "my own"})
    assert not picture.tags.exists() and not Tag.objects.exists()


@pytest.mark.parametrize("name", ["", "   ", 101 * "a", "a\x00b"])
def test_what_is_no_tag_is_refused(browser, picture, page, name):
    from datasets.errors import InputError

    try:
        refused = browser.post(page + "tag/", {"tag": name}).status_code == 400
    except InputError:
        refused = True
    assert refused and not Tag.objects.exists()


def test_only_who_is_signed_in_may_tag(client, picture, page):
    assert client.post(page + "tag/", {"tag": "x"}).status_code == 302
    assert not Tag.objects.exists()


def test_a_date_that_is_its_files_is_said_to_be(browser, gallery, picture, page):
    from datetime import UTC, datetime

    from web.galleries.models import written_at

    gallery.pictures.update(taken=written_at(picture.changed))
    assert b"the date of its file" in browser.get(page).content
    gallery.pictures.update(taken=datetime(2019, 5, 31, 12, tzinfo=UTC))
    assert b"the date of its file" not in browser.get(page).content and b"2019" in browser.get(page).content
