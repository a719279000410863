"""Unchanged: what is kept is never behind the database, whoever writes to it."""

import shutil
import sqlite3
import threading
from datetime import timedelta

import numpy as np
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from web.accounts import bearer
from web.galleries import known
from web.galleries.models import Gallery, Version
from web.serving import snapshot
from web.unchanged import while_unchanged

pytestmark = [
    pytest.mark.django_db(transaction=True),  # within a transaction nothing is kept
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL is asked each time"),
]


def elsewhere(do, *words):
    """Have it done by another connection, as another process or thread has one."""

    def go():
        do(*words)
        connection.close()

    thread = threading.Thread(target=go)
    thread.start()
    thread.join()


@pytest.fixture
def asked():
    """What was asked for, and a function that asks the database for the name of somebody."""
    numbers = []

    @while_unchanged
    def name(number):
        numbers.append(number)
        return User.objects.values_list("username", flat=True).get(pk=number)

    return numbers, name


@pytest.fixture
def ann():
    return User.objects.create_user("ann", password="of tests alone")


def rename(person, name):
    User.objects.filter(pk=person.pk).update(username=name)


def test_it_works(asked, ann):
    numbers, name = asked
    assert [name(ann.pk), name(ann.pk)] == ["ann", "ann"] and numbers == [ann.pk]


@pytest.mark.parametrize("where", [lambda do, *words: do(*words), elsewhere], ids=["here", "elsewhere"])
def test_what_is_written_is_seen_at_once(asked, ann, where):
    _, name = asked
    for turn in range(5):
        where(rename, ann, f"ann{turn}")
        assert name(ann.pk) == f"ann{turn}"


def test_what_another_program_writes_is_seen_at_once(asked, ann):
    _, name = asked
    assert name(ann.pk) == "ann"
    with sqlite3.connect(connection.settings_dict["NAME"]) as other:
        other.execute("UPDATE auth_user SET username = 'bob'")
    other.close()
    assert name(ann.pk) == "bob"


def test_what_a_transaction_takes_back_is_not_kept(asked, ann):
    _, name = asked
    with transaction.atomic():
        rename(ann, "bob")
        assert name(ann.pk) == "bob"
        transaction.set_rollback(True)
    assert name(ann.pk) == "ann"


def test_a_connection_that_was_opened_anew_begins_anew(asked, ann):
    numbers, name = asked
    name(ann.pk)
    connection.close()
    assert name(ann.pk) == "ann" and len(numbers) == 2


def test_no_more_than_some_is_kept(asked, ann, monkeypatch):
    monkeypatch.setattr("web.unchanged._MOST", 2)
    again = while_unchanged(lambda number: number)
    assert [again(number) for number in range(9)] == list(range(9))


@pytest.fixture
def gallery(drawn, encoder):
    """One whose version answers with made-up vectors, and one more version that could."""
    made = Gallery.objects.create(slug="photos", name="Photos", source=str(drawn))
    picture = made.pictures.create(path="red/0.jpg", category="red")
    for number in (1, 2):
        version = made.versions.create(number=number, network=str(encoder), state=Version.State.READY, snapshot=1)
        _write(version, picture)
        made.active = made.active or version
    made.save()
    yield made
    shutil.rmtree(made.folder, ignore_errors=True)


def _write(version, picture):
    rows = np.eye(1, 8, version.number, dtype=np.float32)
    snapshot.write(version.snapshot_folder, np.array([picture.pk]), rows, name="photos", network="tests")


def score(client, headers):
    """Of the one picture, asked with the vector of the first version."""
    asks = {"parts": [{"vector": [0.0, 1.0] + [0.0] * 6}]}
    answer = client.post("/api/v1/galleries/photos/search", asks, content_type="application/json", headers=headers)
    return answer.json()["hits"][0]["score"] if answer.status_code == 200 else answer.status_code


@pytest.fixture
def program(ann):
    token, secret = bearer.made(ann, "tests", "read")
    return token, {"Authorization": f"Bearer {secret}"}


def test_a_token_that_was_removed_is_not_known_at_once(client, gallery, program):
    token, headers = program
    assert score(client, headers) == 1
    elsewhere(token.delete)
    assert score(client, headers) == 401


def test_who_was_shut_out_cannot_search_at_once(client, gallery, program, ann):
    assert score(client, program[1]) == 1
    elsewhere(lambda: User.objects.filter(pk=ann.pk).update(is_active=False))
    assert score(client, program[1]) == 401


def test_a_scope_that_was_taken_away_is_gone_at_once(client, gallery, ann):
    ann.is_staff = True
    ann.save()
    headers = {"Authorization": f"Bearer {bearer.made(ann, 'tests', 'manage')[1]}"}
    refresh = "/api/v1/galleries/photos/refresh"
    assert client.post(refresh, headers=headers).status_code == 202
    elsewhere(lambda: User.objects.filter(pk=ann.pk).update(is_staff=False))
    assert client.post(refresh, headers=headers).status_code == 403


def test_a_version_that_was_switched_answers_at_once(client, gallery, program):
    assert score(client, program[1]) == 1
    elsewhere(lambda: Gallery.objects.update(active=gallery.versions.get(number=2)))
    assert score(client, program[1]) == 0


def test_a_gallery_that_was_renamed_or_removed_is_so_at_once(client, gallery, program):
    assert known.by_slug("photos").name == known.by_number(gallery.pk).name == "Photos"
    elsewhere(lambda: Gallery.objects.update(name="Pictures"))
    assert known.by_slug("photos").name == known.by_number(gallery.pk).name == "Pictures"
    elsewhere(lambda: Gallery.objects.update(slug="pictures"))
    assert score(client, program[1]) == 404
    elsewhere(lambda: Gallery.objects.all().delete())
    assert known.by_slug("pictures") is None and known.by_number(gallery.pk) is None


def test_a_class_that_people_gave_is_told_at_once(gallery):
    number = gallery.pictures.get().pk
    assert known.pictures([number, number + 1])[number].called == "red"
    elsewhere(lambda: gallery.pictures.update(label="blue"))
    assert known.pictures([number])[number].called == "blue" and known.pictures([]) == {}


@pytest.fixture
def small(gallery):
    return reverse("galleries:thumbnail", args=[gallery.pictures.get().pk])


@pytest.mark.parametrize(
    "end",
    [
        lambda: Session.objects.all().delete(),
        lambda: Session.objects.update(expire_date=timezone.now()),
        lambda: User.objects.update(is_active=False),
        lambda: User.objects.get().delete(),
        lambda: User.objects.update(password="another"),
    ],
    ids=["signed out", "expired", "shut out", "removed", "password changed"],
)
def test_whose_session_ended_sees_no_picture_at_once(client, ann, small, end):
    client.force_login(ann)
    assert client.get(small).status_code == client.get(small).status_code == 200
    elsewhere(end)
    assert client.get(small).status_code == 302


def test_a_session_expires_without_anybody_writing(client, ann, small, monkeypatch):
    client.force_login(ann)
    assert client.get(small).status_code == 200
    later = timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE + 1)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert client.get(small).status_code == 302


def test_a_request_that_changes_its_user_changes_no_other(client, ann):
    from web.accounts.backend import Backend

    Backend().get_user(ann.pk).username = "bob"
    assert Backend().get_user(ann.pk).username == "ann"


def test_a_picture_that_was_removed_is_not_found_at_once(client, ann, gallery, small):
    client.force_login(ann)
    assert client.get(small).status_code == 200
    elsewhere(lambda: gallery.pictures.all().delete())
    assert client.get(small).status_code == 404
