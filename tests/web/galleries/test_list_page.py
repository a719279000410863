"""The page of all galleries."""

from django.urls import reverse

from web.galleries.models import Gallery, Job


def test_it_works(browser, gallery):
    page = browser.get(reverse("galleries:list"))
    assert page.status_code == 200 and b"Colours" in page.content


def test_who_is_not_signed_in_is_asked_to(client, db):
    page = client.get(reverse("galleries:list"))
    assert page.status_code == 302 and page.url.startswith(reverse("accounts:login"))


def test_the_search_page_of_a_gallery_is_there(browser, gallery):
    assert browser.get(reverse("search:page", args=["colours"])).status_code == 200
    assert browser.get(reverse("search:page", args=["nothing"])).status_code == 404


def test_why_a_gallery_is_not_there_is_told(client, user, staff, gallery):
    gallery.pictures.filter(path="red/0.jpg").update(state="unreadable")
    failed = Gallery.objects.create(slug="empty", name="Empty", source="/empty")
    Job.objects.create(gallery=failed, kind="refresh", state="failed", message="/empty holds no picture")
    client.force_login(staff)
    page = client.get(reverse("galleries:list")).content.decode()
    assert "/empty holds no picture" in page and "23 pictures" in page
    client.force_login(user)  # who does not manage is told no place of the server
    page = client.get(reverse("galleries:list")).content.decode()
    assert "holds no picture" not in page and "Embedding it failed" in page
