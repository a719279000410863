"""Answers in a new order: by geometry, and by the vectors of all that was found."""

import cv2
import numpy as np
import pytest

from datasets.errors import InputError
from web.search import reranked, uploads
from web.search.answer import answer
from web.search.question import Filter, Part, Question


def textured(seed: int) -> np.ndarray:
    """A picture with things to see: boxes and lines, (240, 240, 3) uint8 BGR."""
    rng, picture = np.random.default_rng(seed), np.full((240, 240, 3), 128, np.uint8)
    for _ in range(60):
        left, top, wide, high = rng.integers(0, 240, 4)
        colour = tuple(map(int, rng.integers(0, 256, 3)))
        cv2.rectangle(picture, (left, top), (left + wide // 4, top + high // 4), colour, -1)
    return picture


@pytest.fixture
def scene(gallery, photos):
    """The last picture of ``gallery`` shows a thing that none other does; returned turned a little, as a file."""
    gallery.geometry = True
    gallery.save()
    thing, last = textured(7), gallery.pictures.last()
    cv2.imwrite(str(photos / last.path), thing)
    turn = cv2.getRotationMatrix2D((120, 120), 20, 0.8)
    seen = cv2.warpAffine(thing, turn, (240, 240), borderValue=(128, 128, 128))
    return last, cv2.imencode(".png", seen)[1].tobytes()


def test_geometry_brings_the_same_thing_forward(gallery, scene):
    last, photo = scene
    asks = [Part("upload", uploads.keep(photo, "photo"))]
    of_its_class = Filter(("red",))
    before = answer(gallery, Question(asks, of_its_class))
    after = answer(gallery, Question(asks, of_its_class, "geometry"))
    assert before.hits[0].picture != last.pk
    assert after.hits[0].picture == last.pk and after.hits[0].inliers > 20
    assert {hit.picture for hit in after.hits} == {hit.picture for hit in before.hits}
    assert all(hit.inliers < 10 for hit in after.hits[1:])
    assert answer(gallery, Question(asks, of_its_class, "geometry"), first=1, count=3).hits == after.hits[1:4]


def test_a_part_of_a_picture_is_compared_alone(gallery, scene):
    kept = uploads.keep(scene[1], "photo")
    found = [
        answer(gallery, Question([Part("upload", kept, 1, crop)], Filter(("red",)), "geometry")).hits
        for crop in (None, (0.3, 0.3, 0.4, 0.4))
    ]
    most = [max(hit.inliers for hit in hits) for hits in found]
    assert 4 < most[1] < most[0]


def test_what_was_compared_is_first_and_the_rest_follows_as_it_was(gallery, scene):
    last = scene[0]
    asks = [Part("picture", last.pk)]
    plain = answer(gallery, Question(asks)).hits
    found = answer(gallery, Question(asks, rerank="geometry=5")).hits
    assert {hit.picture for hit in found[:5]} == {hit.picture for hit in plain[:5]}
    assert found[5:] == plain[5:]


def test_a_picture_whose_file_is_gone_has_nothing_in_common(gallery, scene, photos):
    (photos / "red" / "0.jpg").unlink()
    found = answer(gallery, Question([Part("picture", scene[0].pk)], rerank="geometry"))
    gone = gallery.pictures.get(path="red/0.jpg").pk
    assert [hit.inliers for hit in found.hits if hit.picture == gone] == [0]


def test_what_asks_and_is_gone_is_told(gallery, scene, photos):
    (photos / scene[0].path).unlink()
    with pytest.raises(InputError, match=f"picture {scene[0].pk}: .*ask with another"):
        answer(gallery, Question([Part("picture", scene[0].pk)], rerank="geometry"))


def test_geometry_must_be_allowed_and_needs_a_picture(gallery, scene):
    one = Part("picture", scene[0].pk)
    with pytest.raises(InputError, match="none is asked with"):
        answer(gallery, Question([Part("picture", one.value, -1)], rerank="geometry"))
    gallery.geometry = False
    with pytest.raises(InputError, match="compares no local features"):
        answer(gallery, Question([one], rerank="geometry"))


@pytest.mark.parametrize("text", ["aqe=3", "alpha-qe=5:3", "dba=2", "k-reciprocal", "diffusion=5:3", "dba=2, aqe=2"])
def test_methods_by_vectors_find_the_colour(gallery, text):
    one = gallery.pictures.filter(category="green").first()
    found = answer(gallery, Question([Part("picture", one.pk)], rerank=text), count=8)
    assert {gallery.pictures.get(pk=hit.picture).category for hit in found.hits} == {"green"}
    among = Question([Part("picture", one.pk)], Filter(("red",)), text)
    assert len(answer(gallery, among).hits) == 8
    assert answer(gallery, Question([Part("picture", one.pk)], Filter(("none",)), text)).hits == ()


@pytest.mark.parametrize("text", ["magic", "geometry=x", "geometry=501", "geometry, aqe=3", "aqe=0", "diffusion, aqe"])
def test_what_is_no_order_is_told(text):
    with pytest.raises(InputError, match="rerank="):
        reranked.parsed(text)


@pytest.mark.parametrize(
    "text, says", [("magic", "known are .*geometry"), ("geometri", "mean geometry"), ("geometry, aqe", "last")]
)
def test_geometry_is_among_what_is_known(text, says):
    with pytest.raises(InputError, match=says):
        reranked.parsed(text)
