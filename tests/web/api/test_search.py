"""The searches of a program."""

import json

import cv2
import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from web.search import link
from web.search.question import Part, Question
from web.serving import network
from web.serving.network import Network, Spec

ASK = "galleries/colours/search"
SEND = f"{ASK}/picture"


def colours(told):
    return [hit["category"] for hit in told.json()["hits"]]


@pytest.fixture
def numbers(gallery):
    """Of each colour, the numbers of its pictures."""
    return {
        name: list(gallery.pictures.filter(category=name).values_list("pk", flat=True))
        for name in ("red", "green", "blue")
    }


@pytest.fixture
def green(photos):
    return (photos / "green" / "3.jpg").read_bytes()


def test_it_works(program, gallery):
    first = gallery.pictures.filter(category="green").first()
    told = program("POST", ASK, {"parts": [{"picture": first.pk}], "count": 8})
    assert told.json()["hits"][0] | {"score": 1} == {
        "picture": first.pk,
        "score": 1,
        "path": first.path,
        "category": "green",
        "inliers": None,
    }
    assert colours(told) == ["green"] * 8 and told.json()["passing"] == 24


def test_who_may_only_read_may_search(reader, numbers):
    assert colours(reader("POST", ASK, {"parts": [{"picture": numbers["red"][0]}], "count": 3})) == ["red"] * 3


def test_a_vector_asks_like_the_picture_it_is_of(program, gallery, numbers):
    from web.galleries import served

    its = served.of_gallery(gallery).snapshot
    vector = its.vectors[int(its.rows(np.array([numbers["blue"][2]]))[0])]
    told = program("POST", ASK, {"parts": [{"vector": (3 * vector).tolist()}], "count": 8})
    assert told.json()["hits"][0]["picture"] == numbers["blue"][2] and colours(told) == ["blue"] * 8


@pytest.mark.parametrize("vector", [[1.0, 2.0], [0.0] * 16, [1e39] * 16, ["1"] * 16, [None] * 16, [[1.0]] * 16])
def test_a_vector_that_is_none_is_refused(program, gallery, vector):
    told = program("POST", ASK, {"parts": [{"vector": vector}]})
    assert told.status_code == 400 and "vector" in told.json()["detail"]


def test_plus_and_minus(program, numbers):
    parts = [{"picture": numbers["red"][0]}, {"picture": numbers["green"][0], "sign": -1}]
    assert "green" not in colours(program("POST", ASK, {"parts": parts, "count": 16}))


def test_a_filter(program, numbers):
    asked = {"parts": [{"picture": numbers["red"][0]}], "filter": {"categories": ["blue"]}, "count": 20}
    told = program("POST", ASK, asked)
    assert colours(told) == ["blue"] * 8 and told.json()["passing"] == 8


def test_pages_follow_each_other(program, numbers):
    parts = [{"picture": numbers["red"][0]}]
    whole = [hit["picture"] for hit in program("POST", ASK, {"parts": parts, "count": 24}).json()["hits"]]
    pages = [
        program("POST", ASK, {"parts": parts, "first": first, "count": 7}).json()["hits"]
        for first in (0, 7, 14, 21, 28)
    ]
    assert [hit["picture"] for page in pages for hit in page] == whole and len(set(whole)) == 24


def test_nothing_but_a_filter_lists(program, numbers):
    told = program("POST", ASK, {"filter": {"folder": "green"}, "count": 3})
    assert [hit["picture"] for hit in told.json()["hits"]] == numbers["green"][:3]


def test_a_sentence_that_the_network_does_not_know_is_refused(program, gallery):
    told = program("POST", ASK, {"parts": [{"sentence": "a dog"}]})
    assert told.status_code == 400 and "knows no sentences" in told.json()["detail"]


def test_the_address_of_the_page_asks_the_same(program, numbers):
    question = Question((Part("picture", numbers["red"][0]), Part("picture", numbers["blue"][0], -1)))
    by_link = program("GET", f"{ASK}{link.write(question, count=9)}").json()["hits"]
    parts = [{"picture": numbers["red"][0]}, {"picture": numbers["blue"][0], "sign": -1}]
    assert by_link == program("POST", ASK, {"parts": parts, "count": 9}).json()["hits"]


@pytest.mark.parametrize(
    "asked", ["clas=red", "count=many", "count=0", "first=-1", "like=x", "since=may", "rerank=luck"]
)
def test_an_address_that_asks_nonsense_is_refused(program, gallery, asked):
    told = program("GET", f"{ASK}?{asked}")
    assert told.status_code == 400 and asked.partition("=")[0] in told.json()["detail"]


def test_a_picture_is_the_body(program, gallery, green):
    told = program("POST", f"{SEND}?count=8", data=green, content_type="image/jpeg")
    assert told.status_code == 200 and colours(told) == ["green"] * 8


def test_a_sketch_that_the_network_does_not_know_is_refused(program, gallery, green):
    told = program("POST", f"{SEND}?sketch=1", data=green, content_type="image/jpeg")
    assert told.status_code == 400 and "knows no sketches" in told.json()["detail"]
    told = program("POST", ASK, {"parts": [{"sketch": "0" * 32}]})
    assert told.status_code == 400


def test_a_sketch_asks_by_its_own_side(program, gallery, green, monkeypatch):
    away = -network.opened(Spec.read(gallery.active.network)).picture(green, "green")
    monkeypatch.setattr(Network, "sketch", lambda self, data, name, crop=None: away)
    told = program("POST", f"{SEND}?sketch=1&count=8", data=green, content_type="image/jpeg")
    assert told.status_code == 200 and "green" not in colours(told)
    told = program.form(SEND, {"plus": SimpleUploadedFile("a.jpg", green, "image/jpeg"), "sketch": "1", "count": "8"})
    assert told.status_code == 200 and "green" not in colours(told)


def test_a_part_of_it_asks(program, gallery):
    half = np.zeros((64, 128, 3), np.uint8)
    half[:, :64], half[:, 64:] = (30, 30, 200), (210, 50, 30)  # BGR: red, and blue on the right
    data = cv2.imencode(".png", half)[1].tobytes()
    for crop, colour in (("0,0,0.5,1", "red"), ("0.5,0,0.5,1", "blue")):
        told = program("POST", f"{SEND}?count=3&crop={crop}", data=data, content_type="image/png")
        assert colours(told) == [colour] * 3


def test_a_filter_stands_in_the_address(program, gallery, green):
    told = program("POST", f"{SEND}?class=red&count=20", data=green, content_type="application/octet-stream")
    assert colours(told) == ["red"] * 8


def test_pictures_are_files_of_a_form(program, gallery, photos):
    with (photos / "red" / "0.jpg").open("rb") as red, (photos / "green" / "0.jpg").open("rb") as other:
        told = program.form(SEND, {"plus": red, "minus": other, "count": "8"})
    assert told.status_code == 200 and colours(told) == ["red"] * 8


def test_a_picture_of_the_gallery_and_one_that_is_sent(program, photos, numbers):
    with (photos / "blue" / "0.jpg").open("rb") as blue:
        told = program.form(SEND, {"minus": blue, "like": str(numbers["red"][0]), "count": "8"})
    assert "blue" not in colours(told)


def test_a_picture_is_sent_once_and_asked_with_often(program, gallery, green):
    sent = program("POST", "galleries/colours/uploads", data=green, content_type="image/jpeg")
    assert sent.status_code == 201
    part = {"upload": sent.json()["upload"]}
    assert colours(program("POST", ASK, {"parts": [part], "count": 8})) == ["green"] * 8
    crop = {**part, "crop": [0.1, 0.1, 0.5, 0.5]}
    assert program("POST", ASK, {"parts": [crop], "count": 8}).status_code == 200


def test_what_is_no_upload_is_refused(program, gallery):
    for name in ("0" * 32, "../../web.sqlite3", "", "x" * 1000):
        assert program("POST", ASK, {"parts": [{"upload": name}]}).status_code == 400


@pytest.mark.parametrize(
    "data, kind, status",
    [
        (b"no picture", "image/jpeg", 415),
        (b"\xff\xd8\xff\xe0 cut", "image/jpeg", 400),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", 415),
        (b"{}", "application/json", 415),
        (b"a=b", "application/x-www-form-urlencoded", 415),
    ],
)
@pytest.mark.parametrize("address", [SEND, "galleries/colours/uploads"])
def test_what_is_no_picture_is_refused(program, gallery, address, data, kind, status):
    told = program("POST", address, data=data, content_type=kind)
    assert told.status_code == status and told["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("crop", ["1,2,3", "a,b,c,d", "0,0,2,1", "nan,0,1,1", "0.9,0.9,0,0"])
def test_a_crop_that_is_none_is_refused(program, gallery, green, crop):
    told = program("POST", f"{SEND}?crop={crop}", data=green, content_type="image/jpeg")
    assert told.status_code == 400 and "crop" in told.json()["detail"]


def test_a_form_without_files_or_with_others_is_refused(program, gallery, green, tmp_path):
    assert program.form(SEND, {"count": "3"}).status_code == 400
    (tmp_path / "a.jpg").write_bytes(green)
    with (tmp_path / "a.jpg").open("rb") as file:
        assert program.form(SEND, {"picture": file}).status_code == 400
    broken = "multipart/form-data; boundary=x"
    assert program("POST", SEND, data=b"--x\r\nbroken", content_type=broken).status_code == 400
    assert program("POST", SEND, data=b"--x", content_type="multipart/form-data").status_code == 400


def test_a_gallery_that_is_not_there_or_not_ready(program, gallery, green):
    assert program("POST", "galleries/nothing/search/picture", data=green, content_type="image/jpeg").status_code == 404
    gallery.active = None
    gallery.save()
    for told in (
        program("POST", SEND, data=green, content_type="image/jpeg"),
        program("POST", ASK, {"parts": [{"picture": 1}]}),
    ):
        assert told.status_code == 400 and "not embedded yet" in told.json()["detail"]


def test_a_name_that_is_no_ascii_comes_back(program, gallery, numbers):
    gallery.pictures.filter(pk=numbers["red"][0]).update(label='猫 "quoted" <b>')
    told = program("POST", ASK, {"parts": [{"picture": numbers["red"][0]}], "count": 1})
    assert json.loads(told.content)["hits"][0]["category"] == '猫 "quoted" <b>'


def test_what_embeds_a_picture_is_what_answers(program, gallery, green, monkeypatch):
    """A switch between the two would compare vectors of one network with those of another."""
    from web.galleries import served

    asked, of_gallery = [], served.of_gallery
    monkeypatch.setattr(served, "of_gallery", lambda one: asked.append(one) or of_gallery(one))
    assert program("POST", SEND, data=green, content_type="image/jpeg").status_code == 200
    assert len(asked) == 1
