"""Pictures that are sent to be asked with."""

import os
import re
import time

import cv2
import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from web.search import uploads


@pytest.fixture
def upload():
    return reverse("search:upload", args=["colours"])


def file_of(data, name="photo.jpg"):
    return SimpleUploadedFile(name, data, content_type="image/jpeg")


def photo(colour, side=200):
    return cv2.imencode(".png", np.full((side, side, 3), colour[::-1], np.uint8))[1].tobytes()


def sent(client, address, *files, **more):
    return client.post(address, {"picture": list(files), **more})


def test_it_works(browser, gallery, upload):
    blue = (30, 50, 210)
    answered = sent(browser, upload, file_of(photo(blue)), tag="")
    assert answered.status_code == 302 and re.search(r"\?like=u[0-9a-f]{32}$", answered.url)
    page = browser.get(answered.url).content.decode()
    first = [int(number) for number in re.findall(r'data-picture="(\d+)"', page)[:8]]
    assert {gallery.pictures.get(pk=number).category for number in first} == {"blue"}
    kept = re.search(r"/g/colours/uploads/[0-9a-f]{32}\.jpg", page)[0]
    shown = browser.get(kept)
    assert shown["Content-Type"] == "image/jpeg"
    assert cv2.imdecode(np.frombuffer(shown.content, np.uint8), 1).shape == (200, 200, 3)


def test_it_joins_what_is_asked_already(browser, gallery, upload):
    red, green = photo((200, 30, 30)), photo((30, 180, 40))
    answered = sent(browser, upload, file_of(red), file_of(green), like="3@0,0,0.5,0.5", sign="-1", tag="sea")
    assert re.search(r"\?like=3%40.*unlike=u\w{32}&unlike=u\w{32}&tag=sea$", answered.url)


def test_what_was_drawn_in_a_part_of_it_is_all_that_asks(browser, gallery, upload):
    both = np.zeros((100, 200, 3), np.uint8)
    both[:, :100], both[:, 100:] = (30, 30, 200), (40, 180, 30)  # BGR: red left, green right
    address = sent(browser, upload, file_of(cv2.imencode(".png", both)[1].tobytes())).url
    for crop, category in (("@0.05,0.1,0.4,0.8", "red"), ("@0.55,0.1,0.4,0.8", "green")):
        page = browser.get(address + crop).content.decode()
        first = int(re.search(r'data-picture="(\d+)"', page)[1])
        assert gallery.pictures.get(pk=first).category == category


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"<svg xmlns='http://www.w3.org/2000/svg'/>", bytes(1000)])
def test_what_is_no_picture_is_told(browser, gallery, upload, data):
    refused = sent(browser, upload, file_of(data, "my.jpg"))
    assert refused.status_code in (400, 415) and b"my.jpg" in refused.content
    assert not list((uploads._folder()).glob("*.jpg"))


def test_nothing_and_too_many_are_told(browser, gallery, upload):
    assert browser.post(upload).status_code == 400
    assert sent(browser, upload, *(file_of(photo((1, 2, 3))) for _ in range(17))).status_code == 400
    assert browser.get(upload).status_code == 405


def test_a_post_needs_the_token(client, user, gallery, upload):
    client.handler.enforce_csrf_checks = True
    client.force_login(user)
    assert sent(client, upload, file_of(photo((1, 2, 3)))).status_code == 403


def test_a_picture_comes_from_its_address_where_that_is_allowed(browser, gallery, settings, monkeypatch):
    address = reverse("search:address", args=["colours"])
    asked = {"address": "https://pictures.example/a.png", "like": "3", "sign": "-1"}
    assert browser.post(address, asked).status_code == 403
    assert b"search/address" not in browser.get(reverse("search:page", args=["colours"])).content
    settings.FETCH = True
    monkeypatch.setattr("web.search.sending.fetch", lambda url: photo((1, 2, len(url))))
    answered = browser.post(address, asked)
    assert re.search(r"\?like=3&unlike=u[0-9a-f]{32}$", answered.url)
    assert address.encode() in browser.get(answered.url).content


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "http://127.0.0.1/a.png", "http://localhost:8000/a.png"])
def test_an_address_of_ours_is_refused(browser, gallery, settings, url):
    settings.FETCH = True
    refused = browser.post(reverse("search:address", args=["colours"]), {"address": url})
    assert refused.status_code == 400 and b'role="alert"' in refused.content


def test_what_nobody_asks_with_expires_and_the_oldest_make_room(gallery, settings):
    old, new = (uploads.keep(photo((shade, 0, 0)), "photo") for shade in (10, 20))
    long_ago = time.time() - 86400 * settings.UPLOADS_DAYS - 1
    os.utime(uploads._folder() / f"{old}.jpg", (long_ago, long_ago))
    uploads.tidy(now=time.time() + 3600)
    assert uploads.data(new)
    with pytest.raises(uploads.InputError, match="send it again"):
        uploads.data(old)
    settings.UPLOADS_MB = 0
    uploads.tidy(now=time.time() + 7200)
    assert not list(uploads._folder().glob("*.jpg"))


def test_a_large_picture_is_kept_smaller(gallery):
    kept = uploads.keep(photo((9, 9, 9), side=2500), "photo")
    assert cv2.imdecode(np.frombuffer(uploads.data(kept), np.uint8), 1).shape == (2048, 2048, 3)


def test_a_full_disk_is_told_and_is_no_fault(browser, gallery, upload, monkeypatch):
    def full(path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(uploads, "own_beside", full)
    answer = sent(browser, upload, file_of(photo((1, 2, 3))))
    assert answer.status_code == 507 and "disk is full" in answer.content.decode()


def test_a_picture_that_is_tidied_away_between_two_looks_is_kept_again(gallery, monkeypatch):
    data = photo((1, 2, 3))
    kept = uploads.keep(data, "x")
    (uploads._folder() / f"{kept}.jpg").unlink()
    monkeypatch.setattr(uploads.Path, "exists", lambda self: True)
    assert uploads.keep(data, "x") == kept and uploads.data(kept)
