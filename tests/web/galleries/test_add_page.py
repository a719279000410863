"""The page that adds a gallery, for staff alone."""

import pytest
from django.urls import reverse

from web.galleries import adding
from web.galleries.models import Gallery
from web.serving.network import Spec

ADDRESS = reverse("galleries:add")


@pytest.fixture
def words(photos, encoder):
    return {"name": "Holiday", "images": str(photos), "model": encoder.path}


def test_it_works(staff_browser, words, photos):
    assert b"<form" in staff_browser.get(ADDRESS).content
    page = staff_browser.post(ADDRESS, words)
    gallery = Gallery.objects.get()
    assert page.url == reverse("galleries:manage", args=["holiday"]) and gallery.source == str(photos)
    assert gallery.jobs.get().kind == "refresh" and gallery.versions.get().number == 1


def test_who_is_no_staff_is_refused(browser, words):
    assert browser.get(ADDRESS).status_code == browser.post(ADDRESS, words).status_code == 403
    assert not Gallery.objects.exists()


@pytest.mark.parametrize(
    "given, complaint",
    [
        ({"images": ""}, "required"),
        ({"images": "/nowhere"}, "is not there"),
        ({"images": "../../../nothing"}, "is not there"),
        ({"images": "/etc/passwd"}, "is no source of pictures"),
        ({"images": "a\0b"}, "Null characters"),
        ({"model": "/nowhere.onnx"}, "is not there"),
        ({"run": "runs/nothing", "model": ""}, "is not there"),
        ({"run": "runs/nothing"}, "either a run, or a model"),
        ({"name": "x" * 201}, "at most 200 characters"),
    ],
)
def test_bad_input_is_told_beside_the_form(staff_browser, words, given, complaint):
    page = staff_browser.post(ADDRESS, words | given)
    assert page.status_code == 400 and complaint in page.content.decode()
    assert not Gallery.objects.exists()


def test_a_name_of_any_signs_has_an_address(staff_browser, words):
    staff_browser.post(ADDRESS, words | {"name": "相册 <b>"})
    staff_browser.post(ADDRESS, words | {"name": "???"})
    assert set(Gallery.objects.values_list("slug", flat=True)) == {"b", "gallery"}


def test_where_no_network_is_named_it_is_the_one_that_pip_brings():
    assert adding.spec({"run": " ", "pool": "", "resize": "crop"}) == Spec(
        "trunk", use_pretrained="efficientnet_lite0", pool="gem", image_size="480", resize="crop"
    )
