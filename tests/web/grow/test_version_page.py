"""The page of a version beside the one that answers."""

from django.urls import reverse

from web.galleries.models import Job
from web.grow.models import Comparison


def url(name="version", number=2):
    return reverse(f"grow:{name}", args=["colours", number])


def test_it_works(staff_browser, gallery, upgraded):
    page = staff_browser.get(url())
    text = page.content.decode()
    assert page.status_code == 200 and "recall@1" in text and "mAP@100" in text and "24 pictures asked" in text
    changed = Comparison.objects.get().changed
    assert changed and text.count('class="card changed"') == len(changed)
    assert gallery.pictures.get(pk=changed[0]["query"]).thumbnail in text


def test_who_is_not_staff_may_not(browser, gallery, upgraded):
    assert browser.get(url()).status_code == 403 and browser.post(url("judge")).status_code == 403


def test_one_that_is_not_there(staff_browser, gallery):
    assert staff_browser.get(url()).status_code == 404


def test_one_that_answers_and_was_never_compared(staff_browser, gallery):
    page = staff_browser.get(url(number=1))
    assert page.status_code == 200 and b"answers searches" in page.content and b"Side by side" not in page.content


def test_it_is_compared_anew_by_the_labels_of_now(staff_browser, gallery, upgraded, do):
    gallery.pictures.filter(category="red").update(label="-")
    assert staff_browser.post(url("judge")).status_code == 302
    do(upgraded.jobs.filter(state=Job.State.WAITING).get())
    assert Comparison.objects.get().queries == 16
    assert b"16 pictures asked" in staff_browser.get(url()).content


def test_without_labels_it_shows_what_changed(staff_browser, gallery, upgraded, do):
    gallery.pictures.update(category="")
    staff_browser.post(url("judge"))
    do(upgraded.jobs.filter(state=Job.State.WAITING).get())
    text = staff_browser.get(url()).content.decode()
    assert "no picture has a class" in text and 'class="card changed"' in text and "recall@1" not in text


def test_pictures_that_are_gone_since_leave_a_gap(staff_browser, gallery, upgraded):
    gallery.pictures.all().delete()
    page = staff_browser.get(url())
    assert page.status_code == 200 and b"removed" in page.content


def test_names_with_markup_are_text(staff_browser, gallery, upgraded):
    gallery.pictures.update(label="<script>alert(1)</script>")
    assert b"<script>alert" not in staff_browser.get(url()).content
