"""The page of growth: versions, trainings, the log."""

import shlex
from pathlib import Path

import pytest
from django.urls import reverse

from web.galleries.models import Job, Version
from web.grow.models import Training


def url(name="page", *more):
    return reverse(f"grow:{name}", args=["colours", *more])


@pytest.fixture
def allowed(settings):
    settings.TRAIN = True


def test_it_works(staff_browser, gallery, upgraded):
    page = staff_browser.get(url())
    assert page.status_code == 200
    text = page.content.decode()
    assert "answers searches" in text and "Switch to this version" in text and "recall@1 1" in text


@pytest.mark.parametrize(
    "name, more", [("page", ()), ("version", (1,)), ("train", ()), ("upgrade", ()), ("switch", (2,)), ("remove", (1,))]
)
def test_who_is_not_staff_may_not(browser, gallery, name, more):
    ask = browser.get if name in ("page", "version") else browser.post
    assert ask(url(name, *more)).status_code == 403


def test_who_is_not_signed_in_is_asked_to(client, gallery):
    assert client.get(url()).status_code == 302 and client.post(url("train")).status_code == 302


def test_nothing_is_changed_by_a_link(staff_browser, gallery, upgraded):
    for name, more in (("train", ()), ("upgrade", ()), ("switch", (2,)), ("remove", (2,)), ("judge", (2,))):
        assert staff_browser.get(url(name, *more)).status_code == 405
    gallery.refresh_from_db()
    assert gallery.active.number == 1


def test_one_click_switches_and_one_goes_back(staff_browser, gallery, upgraded):
    page = staff_browser.post(url("switch", 2), follow=True)
    assert b"Version 2 answers searches now" in page.content and b"Go back to this version" in page.content
    page = staff_browser.post(url("switch", 1), follow=True)
    assert b"Version 1 answers searches now" in page.content
    assert page.content.decode().count("sue:") == 2


def test_what_cannot_be_is_a_message_on_the_page(staff_browser, gallery, upgraded):
    page = staff_browser.post(url("switch", 1))
    assert page.status_code == 400 and b"answers already" in page.content
    page = staff_browser.post(url("remove", 1))
    assert page.status_code == 400 and b"switch to another one first" in page.content
    assert staff_browser.post(url("switch", 9)).status_code == 404
    assert staff_browser.get(reverse("grow:page", args=["nothing"])).status_code == 404


def test_a_version_is_removed(staff_browser, gallery, upgraded):
    folder = upgraded.folder
    assert folder.exists()
    page = staff_browser.post(url("remove", 2), follow=True)
    assert b"Version 2 is removed" in page.content and not folder.exists()


def test_train_again_writes_the_labels_and_the_command(staff_browser, gallery):
    page = staff_browser.post(url("train"), {"loss": "margin", "epochs": 3}, follow=True)
    made = Training.objects.get()
    goes, trains = made.command.split("\n")
    assert Path(shlex.split(goes)[1], "scripts", "train_margin.py").is_file()  # the folder to run it in
    assert trains.startswith("python scripts/train_margin.py --data=folder") and trains.encode() in page.content
    lines = made.labels.read_text().splitlines()
    assert lines[0].startswith("label,path,split") and len(lines) == 25
    assert sum(",test," in line for line in lines) == made.held == 6
    assert b"6 pictures are held out of their classes" in page.content and made.by.username == "sue"
    assert b"Run it in a terminal" in page.content


@pytest.mark.parametrize(
    "sent", [{"loss": "none", "epochs": 3}, {"loss": "margin", "epochs": 0}, {"epochs": "many"}, {}]
)
def test_a_wish_that_is_none_is_told(staff_browser, gallery, sent):
    page = staff_browser.post(url("train"), sent)
    assert page.status_code == 400 and b"errorlist" in page.content and not Training.objects.exists()


def test_too_few_labels_are_told(staff_browser, gallery):
    gallery.pictures.exclude(category="red").update(state="vanished")
    page = staff_browser.post(url("train"), {"loss": "margin", "epochs": 3})
    assert page.status_code == 400 and b"1 class(es) have two pictures" in page.content


def test_running_it_is_refused_where_it_is_not_allowed(staff_browser, gallery):
    staff_browser.post(url("train"), {"loss": "margin", "epochs": 3})
    page = staff_browser.post(url("run", 1))
    assert page.status_code == 400 and b"not allowed" in page.content and not Job.objects.exists()


def test_a_training_is_run_stopped_and_goes_on(staff_browser, gallery, allowed):
    staff_browser.post(url("train"), {"loss": "margin", "epochs": 3})
    page = staff_browser.post(url("run", 1), follow=True)
    assert b"Training 1 is started" in page.content and b'http-equiv="refresh"' in page.content
    job = Job.objects.get()
    assert staff_browser.post(url("run", 1)).status_code == 400
    staff_browser.post(url("stop", job.pk))
    job.refresh_from_db()
    assert job.state == Job.State.STOPPED
    staff_browser.post(url("go-on", job.pk))
    job.refresh_from_db()
    assert job.state == Job.State.WAITING and Training.objects.get().job == job


def test_an_upgrade_to_a_run_that_is_none_is_told(staff_browser, gallery, run_folder, tmp_path):
    (tmp_path / "empty").mkdir()
    for folder, why in (
        (tmp_path / "not-there", "is not there"),
        (tmp_path / "empty", "is no run folder"),
        (run_folder("features", img_dim=2048), "features that others made"),
        ("", "an upgrade needs another network"),
    ):
        page = staff_browser.post(url("upgrade"), {"run": str(folder)})
        assert page.status_code == 400 and why in page.content.decode(), folder
    assert gallery.versions.count() == 1


def test_an_upgrade_begins_and_what_cannot_be_opened_fails_with_a_line(staff_browser, gallery, tmp_path, do):
    (tmp_path / "odd.onnx").write_text("no network")
    page = staff_browser.post(url("upgrade"), {"model": str(tmp_path / "odd.onnx")}, follow=True)
    assert page.status_code == 200 and b"Version 2 is being embedded" in page.content
    job = Job.objects.get()
    with pytest.raises(AssertionError):
        do(job)
    page = staff_browser.get(url())
    assert job.state == "failed" and b"Go on" in page.content and b"Remove" in page.content
    gallery.refresh_from_db()
    assert gallery.active.number == 1 and Version.objects.get(number=2).state != "ready"


def test_an_upgrade_to_an_onnx_file(staff_browser, gallery, other):
    staff_browser.post(url("upgrade"), {"model": other.path})
    assert gallery.versions.get(number=2).spec == other
    page = staff_browser.post(url("upgrade"), {"model": other.path})
    assert page.status_code == 400 and b"version 2 is of this network already" in page.content


def test_jobs_of_others_are_not_touched(staff_browser, gallery):
    job = Job.objects.create(gallery=gallery, kind="refresh")
    assert staff_browser.post(url("stop", job.pk)).status_code == 404
