"""Limits: how often a client may ask."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from web.safety import limits


@pytest.fixture
def few(settings):
    settings.LIMITS = {**settings.LIMITS, "requests": 20, "uploads": 3, "sign-ins": 2}


def test_it_works(few, client, db):
    answers = [client.get("/accounts/login/") for _ in range(22)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429] * 2
    assert 1 <= int(answers[-1]["Retry-After"]) <= 4
    assert client.get("/accounts/login/", REMOTE_ADDR="10.0.0.2").status_code == 200  # somebody else


def test_pictures_are_fewer_than_requests(few, browser):
    def sent():
        return browser.post("/nothing/", {"file": SimpleUploadedFile("a.jpg", b"x", "image/jpeg")}).status_code

    assert [sent() for _ in range(5)] == [404] * 3 + [429] * 2
    assert browser.get("/").status_code == 200


def test_a_picture_that_is_fetched_counts_as_one_that_is_sent(few, browser, gallery):
    address = reverse("search:address", args=[gallery.slug])
    answers = [browser.post(address, {"address": "https://example.org/a.jpg"}).status_code for _ in range(5)]
    assert answers == [403] * 3 + [429] * 2


def test_a_thousand_sign_ins_are_not_tried(few, client, user):
    sent = {"username": "ann", "password": "guess"}
    assert [client.post("/accounts/login/", sent).status_code for _ in range(4)] == [200, 200, 429, 429]


def test_what_a_client_says_of_itself_counts_for_nothing(few, client, db):
    for number in range(20):
        client.get("/accounts/login/", headers={"x-forwarded-for": f"10.0.0.{number}"})
    assert client.get("/accounts/login/", headers={"x-forwarded-for": "10.9.9.9"}).status_code == 429


def test_none_is_as_often_as_one_likes(settings, client, db):
    settings.LIMITS = {**settings.LIMITS, "requests": 0}
    assert {client.get("/accounts/login/").status_code for _ in range(30)} == {200}


def test_a_bucket_fills_again():
    bucket = limits.Bucket()
    assert [bucket.wait("a", 60, 0.0) for _ in range(61)] == [0.0] * 60 + [1.0]
    assert bucket.wait("a", 60, 0.5) == pytest.approx(0.5) and bucket.wait("b", 60, 0.5) == 0
    assert bucket.wait("a", 60, 1.5) == 0 and bucket.wait("a", 60, 1.6) > 0


def test_many_clients_take_little_memory(monkeypatch):
    monkeypatch.setattr(limits, "MOST", 10)
    bucket = limits.Bucket()
    for number in range(100):
        bucket.wait(str(number), 60, 0.0)
    assert len(bucket._left) == 10


@pytest.mark.parametrize(
    "address, client",
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_a_client_is_an_address_or_a_customers_network(rf, address, client):
    assert limits.client_of(rf.get("/", REMOTE_ADDR=address)) == client
