"""Several people at once, and a server that is killed: whatever was acknowledged is in the database."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.db import connection, connections

from web.annotate import labels, undoing
from web.annotate.models import Change, Step
from web.galleries.models import Gallery, Picture

SAYING = Path(__file__).with_name("saying.py")


@pytest.fixture
def pictures(transactional_db):
    gallery = Gallery.objects.create(slug="many", name="Many", source="/nowhere")
    Picture.objects.bulk_create(Picture(gallery=gallery, path=f"{number}.jpg") for number in range(40))
    return gallery


def together(*what):
    """Does all of it at once, each in a thread with a connection of its own."""
    start, faults = threading.Barrier(len(what)), []

    def one(do):
        start.wait()
        try:
            do()
        except Exception as error:
            faults.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=(do,)) for do in what]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults


def test_people_at_the_same_pictures_each_get_them_or_are_told(pictures, django_user_model):
    people = [django_user_model.objects.create_user(name) for name in ("ann", "bob", "eve", "joe")]
    seen, outcomes = dict(pictures.pictures.values_list("pk", "revision")), {}

    def say(who):
        outcomes[who.username] = labels.assign(pictures, who, f"of {who.username}", seen)

    together(*(lambda who=who: say(who) for who in people))
    (first,) = [name for name, outcome in outcomes.items() if outcome.done]
    assert set(pictures.pictures.values_list("label", "revision")) == {(f"of {first}", 1)}
    for name, outcome in outcomes.items():
        clashing = [] if name == first else [first] * 40
        assert [clash.name for clash in outcome.clashes] == clashing
    assert Step.objects.count() == 40


def test_work_at_different_pictures_is_all_kept(pictures, django_user_model):
    numbers = list(pictures.pictures.values_list("pk", flat=True))

    def say(who, mine):
        for number in mine:
            labels.assign(pictures, who, "first", {number: 0})
            labels.assign(pictures, who, f"of {who.username}", {number: 1})
        undoing.undo(pictures, who)

    people = [django_user_model.objects.create_user(name) for name in ("ann", "bob", "eve", "joe")]
    together(*(lambda who=who, place=place: say(who, numbers[place::4]) for place, who in enumerate(people)))
    for place, who in enumerate(people):
        mine = list(pictures.pictures.filter(pk__in=numbers[place::4]).values_list("label", "revision"))
        assert mine == [(f"of {who.username}", 2)] * 9 + [("first", 3)]
    assert Change.objects.count() == 84


@pytest.mark.slow
def test_what_was_acknowledged_survives_ten_kills(tmp_path):
    told = set()
    for turn in range(10):
        process = subprocess.Popen([sys.executable, str(SAYING), str(tmp_path)], stdout=subprocess.PIPE, text=True)
        told.add(int(process.stdout.readline()))
        time.sleep(0.037 * turn)
        os.kill(process.pid, signal.SIGKILL)
        lines = process.communicate()[0].splitlines(keepends=True)
        told |= {int(line) for line in lines if line.endswith("\n")}
    with sqlite3.connect(tmp_path / "web.sqlite3") as read:
        found = dict(read.execute("SELECT id, label FROM galleries_picture WHERE label != ''"))
        steps = {number for (number,) in read.execute("SELECT picture_id FROM annotate_step")}
    assert len(told) > 10 and {number: f"of {number}" for number in told}.items() <= found.items()
    assert steps == set(found)


def test_commits_are_on_the_disk_before_they_are_acknowledged(db):
    if connection.vendor != "sqlite":
        pytest.skip("SQLite's own setting")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous")
        assert cursor.fetchone() == (2,)  # FULL


def test_a_gallery_that_is_removed_meanwhile_is_not_there_any_more(browser, gallery, monkeypatch):
    from django.urls import reverse

    from web.galleries import removal

    lock, picture = labels.lock, gallery.pictures.first()

    def removed_first(its):
        removal.remove(its)
        its.pk = gallery.pk
        lock(its)

    monkeypatch.setattr(labels, "lock", removed_first)
    asked = {"action": "assign", "name": "sky", "picture": f"{picture.pk}:0"}
    for accept in ("text/html", "application/json"):
        answer = browser.post(reverse("annotate:change", args=["colours"]), asked, headers={"accept": accept})
        assert answer.status_code == 404
