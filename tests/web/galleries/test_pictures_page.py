"""Pictures by their number: re-encoded, never by path, a grey tile for what is gone."""

import shutil

import cv2
import numpy as np
import pytest
from django.urls import reverse


def decoded(page):
    return cv2.imdecode(np.frombuffer(page.content, np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]


@pytest.fixture
def picture(gallery):
    return gallery.pictures.get(path="red/0.jpg")


@pytest.mark.parametrize("size", ["thumbnail", "large"])
def test_it_works(browser, picture, size):
    page = browser.get(reverse(f"galleries:{size}", args=[picture.pk]))
    assert page.status_code == 200 and page["Content-Type"] == "image/jpeg"
    assert decoded(page).shape == (64, 64, 3) and decoded(page).mean(axis=(0, 1)).argmax() == 0


@pytest.mark.parametrize("size", ["thumbnail", "large"])
def test_who_is_not_signed_in_sees_none(client, picture, size):
    assert client.get(reverse(f"galleries:{size}", args=[picture.pk])).status_code == 302


def test_what_is_not_there_is_not_found(browser, picture):
    assert browser.get(reverse("galleries:thumbnail", args=[picture.pk + 999])).status_code == 404
    assert browser.get("/pictures/../../etc/passwd/small.jpg").status_code == 404
    assert browser.post(reverse("galleries:thumbnail", args=[picture.pk])).status_code == 405


def test_it_is_asked_for_once(browser, picture):
    address = reverse("galleries:thumbnail", args=[picture.pk])
    tag = browser.get(address)["ETag"]
    assert browser.get(address, headers={"If-None-Match": tag}).status_code == 304


def test_its_own_address_may_be_kept(browser, picture):
    picture.content = "abc" * 20
    picture.save()
    assert "immutable" in browser.get(picture.thumbnail)["Cache-Control"]
    assert "max-age=300" in browser.get(picture.thumbnail + "x")["Cache-Control"]


def test_a_small_one_is_kept_and_another_file_in_its_place_is_seen(browser, picture, gallery, photos):
    address = reverse("galleries:thumbnail", args=[picture.pk])
    before = browser.get(address)
    (kept,) = gallery.folder.rglob("*.jpg")
    assert kept.read_bytes() == before.content == browser.get(address).content
    shutil.copy(photos / "blue/0.jpg", photos / "red/0.jpg")
    assert decoded(browser.get(address)).mean(axis=(0, 1)).argmax() == 2
    assert len(list(gallery.folder.rglob("*.jpg"))) == 1


@pytest.mark.parametrize("size", ["thumbnail", "large"])
def test_a_grey_tile_stands_for_what_is_gone(browser, picture, photos, size):
    (photos / "red/0.jpg").unlink()
    page = browser.get(reverse(f"galleries:{size}", args=[picture.pk]))
    assert page.status_code == 200 and decoded(page).std() < 2
    shutil.rmtree(photos)
    assert browser.get(reverse(f"galleries:{size}", args=[picture.pk])).content == page.content


def test_a_link_out_of_the_folder_is_never_followed(browser, picture, photos, tmp_path):
    shutil.move(photos / "red/0.jpg", tmp_path / "secret.jpg")
    (photos / "red/0.jpg").symlink_to(tmp_path / "secret.jpg")
    assert decoded(browser.get(reverse("galleries:large", args=[picture.pk]))).std() < 2
    picture.path = "../secret.jpg"
    picture.save()
    assert decoded(browser.get(reverse("galleries:large", args=[picture.pk]))).std() < 2
