"""Sketches that are sent to be asked with, or drawn on the page."""

import re

import cv2
import numpy as np
import pytest
import sketched
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from web.serving import network, snapshot
from web.serving.network import Spec


def file_of_lines():
    """A circle, dark on light, as a PNG."""
    paper = np.full((120, 120), 255, np.uint8)
    cv2.circle(paper, (60, 60), 40, 0, 3)
    return SimpleUploadedFile("sketch.png", cv2.imencode(".png", paper)[1].tobytes(), content_type="image/png")


@pytest.fixture
def sketchable(gallery, photos, tmp_path):
    """The gallery, embedded by a network that knows sketches."""
    spec = Spec("run", path=str(sketched.run_folder(tmp_path / "run")))
    opened, version = network.opened(spec), gallery.active
    pictures = list(gallery.pictures.order_by("pk"))
    vectors = np.stack([opened.picture((photos / one.path).read_bytes(), one.path) for one in pictures])
    version.network, version.snapshot = str(spec), version.snapshot + 1
    version.fingerprint, version.dim = opened.facts.network, opened.facts.dim
    ids = np.array([one.pk for one in pictures])
    snapshot.write(version.snapshot_folder, ids, vectors, name="colours", network=opened.facts.network)
    version.save()
    return gallery


def sent(client, gallery, **more):
    return client.post(reverse("search:upload", args=[gallery.slug]), {"picture": file_of_lines(), **more})


def first(page):
    return [int(number) for number in re.findall(r'data-picture="(\d+)"', page)[:8]]


def test_it_works(browser, sketchable):
    address = reverse("search:page", args=[sketchable.slug])
    page = browser.get(address).content.decode()
    assert 'name="sketch"' in page and "data-draw-dialog" in page
    as_sketch, as_picture = sent(browser, sketchable, sketch="1"), sent(browser, sketchable)
    assert re.search(r"\?like=s[0-9a-f]{32}$", as_sketch.url) and re.search(r"\?like=u", as_picture.url)
    pages = [browser.get(answer.url).content.decode() for answer in (as_sketch, as_picture)]
    assert len(first(pages[0])) == 8 and first(pages[0]) != first(pages[1])  # by another side of the network
    assert 'data-draw="/g/' in pages[0] and 'data-crop-picture="/g/colours/uploads' in pages[1]


def test_it_goes_with_what_else_is_asked(browser, sketchable):
    number = sketchable.pictures.first().pk
    answered = sent(browser, sketchable, sketch="1", like=str(number), sign="-1")
    assert re.search(rf"like={number}&unlike=s\w{{32}}$", answered.url)
    assert browser.get(answered.url).status_code == 200


def test_a_network_that_knows_none_says_so(browser, gallery):
    page = browser.get(reverse("search:page", args=[gallery.slug])).content.decode()
    assert 'name="sketch"' not in page and "data-draw-dialog" not in page
    answered = browser.get(sent(browser, gallery, sketch="1").url)
    assert answered.status_code == 400 and "knows no sketches" in answered.content.decode()
