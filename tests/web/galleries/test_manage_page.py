"""The page of one gallery: its jobs, refreshed, stopped, gone on with, removed; for staff alone."""

import pytest
from django.urls import reverse

from web.galleries import removal
from web.galleries.models import Gallery, Job, Picture
from web.galleries.work import jobs, running
from web.galleries.work.progress import Progress, Stopped


@pytest.fixture
def page(staff_browser, gallery):
    return reverse("galleries:manage", args=[gallery.slug])


def test_it_works(staff_browser, gallery, page):
    text = staff_browser.get(page).content.decode()
    assert gallery.source in text and "<dd>24</dd>" in text and "encoder.onnx" in text


@pytest.mark.parametrize("name", ["manage", "progress", "refresh", "remove", "geometry"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_who_is_no_staff_is_refused(browser, gallery, name, method):
    address = reverse(f"galleries:{name}", args=[gallery.slug])
    assert getattr(browser, method)(address).status_code == 403
    assert Gallery.objects.exists() and not Job.objects.exists()


def test_who_is_not_signed_in_is_asked_to(client, gallery):
    assert client.post(reverse("galleries:remove", args=[gallery.slug])).status_code == 302
    assert Gallery.objects.exists()


@pytest.mark.parametrize("name", ["manage", "progress", "remove"])
def test_what_is_not_there_is_not_found(staff_browser, gallery, name):
    assert staff_browser.get(reverse(f"galleries:{name}", args=["nothing"])).status_code == 404


def test_a_refresh_is_one_job_however_often_it_is_asked_for(staff_browser, gallery):
    address = reverse("galleries:refresh", args=[gallery.slug])
    assert staff_browser.get(address).status_code == 405
    for _ in range(2):
        assert staff_browser.post(address).status_code == 302
    assert Job.objects.get().state == Job.State.WAITING


def test_progress_tells_how_far_it_is(staff_browser, gallery):
    Job.objects.create(gallery=gallery, kind="refresh", state="running", message="embed", done=1200, total=3000)
    text = staff_browser.get(reverse("galleries:progress", args=[gallery.slug])).content.decode()
    assert 'max="3000" value="1200"' in text and "embeds" in text and "<html" not in text


def test_a_page_without_javascript_loads_itself_anew_while_it_works(staff_browser, gallery, page):
    assert b"http-equiv" not in staff_browser.get(page).content
    jobs.add(gallery, "refresh")
    assert b'<noscript><meta http-equiv="refresh"' in staff_browser.get(page).content


def test_a_job_is_stopped_and_gone_on_with(staff_browser, gallery):
    job = jobs.add(gallery, "refresh")
    Job.objects.update(state=Job.State.RUNNING)
    assert staff_browser.post(reverse("galleries:stop", args=[gallery.slug, job.pk])).status_code == 302
    with pytest.raises(Stopped):
        Progress(job)(1, 24, "embed")
    assert staff_browser.post(reverse("galleries:go_on", args=[gallery.slug, job.pk])).status_code == 302
    running.run(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.DONE


def test_a_job_that_is_done_is_not_gone_on_with(staff_browser, gallery):
    job = Job.objects.create(gallery=gallery, kind="refresh", state="done")
    assert staff_browser.post(reverse("galleries:go_on", args=[gallery.slug, job.pk])).status_code == 400


def test_a_job_of_another_gallery_is_not_found(staff_browser, gallery):
    other = Gallery.objects.create(slug="other", name="other", source="/nowhere")
    job = jobs.add(other, "refresh")
    assert staff_browser.post(reverse("galleries:stop", args=[gallery.slug, job.pk])).status_code == 404


def test_names_are_text_and_no_markup(staff_browser, gallery, page):
    Gallery.objects.update(name="<script>alert(1)</script>")
    Picture.objects.filter(path="red/0.jpg").update(state="unreadable", path="<b>.jpg", reason="<i>")
    text = staff_browser.get(page).content.decode()
    assert "<script>alert" not in text and "&lt;b&gt;.jpg" in text


def test_it_is_removed_when_that_is_confirmed(staff_browser, gallery, photos):
    address, folder = reverse("galleries:remove", args=[gallery.slug]), gallery.folder
    assert b"24 pictures" in staff_browser.get(address).content and Gallery.objects.exists() and folder.exists()
    page = staff_browser.post(address, follow=True)
    assert "was removed" in page.content.decode()
    assert not Gallery.objects.exists() and not folder.exists() and len(list(photos.rglob("*.jpg"))) == 24


def test_many_pictures_are_removed_a_part_at_a_time(gallery, monkeypatch):
    monkeypatch.setattr(removal, "_AT_ONCE", 5)
    tag = gallery.tags.create(name="mine")
    tag.pictures.set(gallery.pictures.all())
    other = Gallery.objects.create(slug="other", name="other", source="/nowhere")
    Picture.objects.create(gallery=other, path="a.jpg")
    removal.remove(gallery)
    assert list(Picture.objects.values_list("path", flat=True)) == ["a.jpg"] and Gallery.objects.get() == other


def test_local_features_are_allowed_and_no_more(staff_browser, gallery, page):
    for wanted in (True, False):
        assert staff_browser.post(reverse("galleries:geometry", args=[gallery.slug])).status_code == 302
        gallery.refresh_from_db()
        assert gallery.geometry is wanted
