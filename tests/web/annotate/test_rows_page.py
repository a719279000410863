"""The page of rows to sort, and the address that takes changes."""

import json

from django.urls import reverse

from web.annotate import labels
from web.annotate.rows import mined

PAGE, CHANGE, PROPOSE = (f"annotate:{name}" for name in ("page", "change", "propose"))

BAD = [
    {},
    {"action": "explode"},
    {"action": "assign", "name": "sky"},
    {"action": "assign", "name": "sky", "picture": "1"},
    {"action": "assign", "name": "sky", "picture": "x:y"},
    {"action": "assign", "name": "sky", "picture": "9" * 30 + ":0"},
    {"action": "assign", "name": "sky", "picture": "-1:0"},
    {"action": "assign", "name": "sky", "picture": "987654321:0"},
    {"action": "assign", "name": "", "picture": "1:0"},
    {"action": "rename", "class": "violet", "name": "red"},
    {"action": "merge", "class": "red", "name": "red"},
    {"action": "split", "class": "red", "name": "new"},
    {"action": "same", "one": "1"},
    {"action": "same", "one": "1", "other": "1", "revision": "0"},
    {"action": "undo"},
    {"action": "redo"},
    {"action": "undo", "change": "99"},
]


def address(name):
    return reverse(name, args=["colours"])


def values(gallery, count=3):
    return [f"{pk}:{revision}" for pk, revision in gallery.pictures.values_list("pk", "revision")[:count]]


def send(browser, action, **fields):
    return browser.post(address(CHANGE), {"action": action, **fields}, headers={"accept": "application/json"})


def test_it_works(browser, gallery):
    assert browser.get(address(PAGE)).status_code == 200
    proposed = browser.post(address(PROPOSE), {"among": "unsorted"}, follow=True)
    assert proposed.status_code == 200
    page = proposed.content.decode()
    assert "data-row" in page and page.count("data-tile") >= 20
    row = proposed.context["rows"][0]
    assert len({one.category for one in row.pictures}) == 1
    browser.post(
        address(CHANGE), {"action": "assign", "name": "sky", "picture": [f"{one.pk}:0" for one in row.pictures]}
    )
    assert gallery.pictures.filter(label="sky").count() == len(row.pictures)
    after = browser.get(address(PAGE), {"among": "unsorted"})
    assert len(after.context["rows"]) == len(proposed.context["rows"]) - 1


def test_many_pictures_are_grouped_by_a_job(browser, gallery, monkeypatch):
    from web.annotate.views import rows
    from web.galleries.work import running

    monkeypatch.setattr(rows, "_AT_ONCE", 10)
    page = browser.post(address(PROPOSE), {"among": "unsorted"}, follow=True)
    assert b"data-job" in page.content and page.context["kept"] is None
    running.run(gallery.jobs.get().pk)
    page = browser.get(address(PAGE), {"among": "unsorted"})
    assert gallery.jobs.get().state == "done" and b"data-job" not in page.content
    assert len(page.context["rows"]) == 3


def test_of_too_many_some_are_grouped_and_the_page_says_so(browser, gallery, monkeypatch):
    monkeypatch.setattr(mined, "GROUPED", 15)
    page = browser.post(address(PROPOSE), {"among": "unsorted"}, follow=True)
    assert b"15 of 24 images, drawn at random, were grouped" in page.content
    assert sum(row.count for row in page.context["rows"]) > 15


def test_what_is_known_teaches_and_is_proposed_too(browser, gallery):
    for name in ("red", "green"):
        chosen = gallery.pictures.filter(category=name)[:5]
        send(browser, "assign", name=f"really {name}", picture=[f"{one.pk}:0" for one in chosen])
    browser.post(address(PROPOSE), {"among": "unsorted"})
    rows = browser.get(address(PAGE), {"among": "unsorted"}).context["rows"]
    assert {one.category for row in rows if row.name == "really red" for one in row.pictures} <= {"red"}
    assert sum(row.count for row in rows) <= 14 and any(not row.name for row in rows)


def test_the_neighbors_of_a_picture_are_a_row(browser, gallery):
    first = gallery.pictures.filter(category="green").first()
    page = browser.get(address(PAGE), {"like": first.pk})
    (row,) = page.context["rows"]
    assert row.pictures[0] == first and row.name == "green"
    assert {one.category for one in row.pictures[:8]} == {"green"}


def test_a_form_leads_back_to_its_page_and_says_what_came_of_it(browser, gallery):
    back = address(PAGE) + "?among=unsorted"
    answer = browser.post(
        address(CHANGE), {"action": "assign", "name": "sky", "picture": values(gallery), "next": back}
    )
    assert answer.status_code == 302 and answer.url == back
    assert b"3 pictures are sky now" in browser.get(back).content


def test_it_never_leads_elsewhere(browser, gallery):
    for place in ("https://example.org/", "//example.org", "javascript:alert(1)"):
        answer = browser.post(
            address(CHANGE), {"action": "assign", "name": "sky", "picture": values(gallery, 1), "next": place}
        )
        assert answer.url == address(PAGE)


def test_a_script_gets_json(browser, gallery):
    answer = send(browser, "assign", name="sky", picture=values(gallery))
    assert answer.status_code == 200
    told = json.loads(answer.content)
    assert len(told["done"]) == 3 and told["clashes"] == [] and told["undo"] and not told["redo"]
    told = json.loads(send(browser, "undo").content)
    assert len(told["done"]) == 3 and not told["undo"] and told["redo"]
    assert not gallery.pictures.filter(label="sky").exists()


def test_the_second_person_is_told_and_loses_nothing(browser, gallery, django_user_model):
    bob, seen = django_user_model.objects.create_user("bob"), values(gallery)
    first = gallery.pictures.first()
    labels.assign(gallery, bob, "sea", {first.pk: 0})
    answer = send(browser, "assign", name="sky", picture=seen)
    assert answer.status_code == 409
    (clash,) = answer.json()["clashes"]
    assert clash["number"] == first.pk and "bob" in clash["told"] and "sea" in clash["told"] and "sky" in clash["told"]
    assert len(answer.json()["done"]) == 2
    again = send(browser, "assign", name=clash["wanted"], picture=f"{clash['number']}:{clash['revision']}")
    assert again.status_code == 200 and gallery.pictures.filter(label="sky").count() == 3


def test_without_scripts_the_second_person_gets_a_page_to_insist(browser, gallery, django_user_model):
    bob, seen = django_user_model.objects.create_user("bob"), values(gallery)
    labels.assign(gallery, bob, "sea", {gallery.pictures.first().pk: 0})
    answer = browser.post(address(CHANGE), {"action": "assign", "name": "sky", "picture": seen})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "bob made" in page and f'value="{gallery.pictures.first().pk}:1"' in page and 'value="sky"' in page


def test_who_may_not(client, gallery):
    for name in (PAGE, CHANGE, PROPOSE):
        answer = client.post(address(name)) if name != PAGE else client.get(address(name))
        assert answer.status_code == 302 and answer.url.startswith(reverse("accounts:login"))
    assert not gallery.changes.exists()


def test_a_form_from_elsewhere_is_refused(gallery, user):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user)
    assert strict.post(address(CHANGE), {"action": "undo"}).status_code == 403


def test_bad_input_gets_one_line(browser, gallery):
    for fields in BAD:
        answer = browser.post(address(CHANGE), fields, headers={"accept": "application/json"})
        assert answer.status_code == 400 and "\n" not in answer.json()["detail"], fields
    assert not gallery.changes.exists()


def test_bad_addresses_get_one_line(browser, gallery):
    for asked in ({"like": "987654"}, {"like": "x"}, {"among": "all"}, {"first": "-1"}):
        assert browser.get(address(PAGE), asked).status_code == 400
    assert browser.get(reverse(PAGE, args=["nothing"])).status_code == 404
    assert browser.get(address(CHANGE)).status_code == 405
    assert browser.post(address(PROPOSE), {"among": "all"}).status_code == 400


def test_names_are_shown_as_text(browser, gallery):
    send(browser, "assign", name='<script>alert("1")</script>', picture=values(gallery))
    page = browser.get(reverse("annotate:classes", args=["colours"])).content
    assert b"<script>alert" not in page and b"&lt;script&gt;alert" in page
