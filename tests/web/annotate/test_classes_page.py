"""The pages of classes."""

from django.urls import reverse

from web.annotate import classes, labels

ALL, ONE, CHANGE = (f"annotate:{name}" for name in ("classes", "class", "change"))


def get(browser, page, /, **asked):
    return browser.get(reverse(page, args=["colours"]), asked)


def post(browser, **fields):
    return browser.post(reverse(CHANGE, args=["colours"]), fields)


def test_it_works(browser, gallery):
    page = get(browser, ALL).content.decode()
    assert page.count('class="count">8 pictures<') == 3 and page.count('class="sorted">0 sorted<') == 3
    (row,) = get(browser, ONE, name="red").context["rows"]
    assert {one.category for one in row.pictures} == {"red"} and row.count == 8


def test_pictures_are_counted_as_where_they_are_sorted(browser, gallery):
    gallery.pictures.update(category="")
    for place, state in enumerate(("unreadable", "vanished")):
        number = gallery.pictures.all()[place].pk
        gallery.pictures.filter(pk=number).update(state=state)
    ((its, cover),) = get(browser, ALL).context["found"]
    left = get(browser, "annotate:page", among="unnamed").context["left"]
    assert (its.there, its.away, its.count) == (22, 2, 24) and left["unnamed"] == its.there
    assert cover.state == "there" and "and 2 unreadable or gone" in get(browser, ALL).content.decode()
    assert "2 of them unreadable or gone" in get(browser, ONE, name="").content.decode()


def test_a_class_is_found_by_a_part_of_its_name(browser, gallery):
    found = get(browser, ALL, q="RE").context["found"]
    assert [one.name for one, _ in found] == ["green", "red"]


def test_the_oddest_come_first(browser, gallery, user):
    stray = gallery.pictures.filter(category="blue").first()
    labels.assign(gallery, user, "red", {stray.pk: 0})
    (row,) = get(browser, ONE, name="red", show="odd").context["rows"]
    assert row.pictures[0] == stray and len(row.pictures) == 9


def test_a_class_falls_into_parts(browser, gallery, user):
    classes.merge(gallery, user, "blue", "red")
    rows = get(browser, ONE, name="red", show="parts").context["rows"]
    assert [{one.category for one in row.pictures} for row in rows] in ([{"red"}, {"blue"}], [{"blue"}, {"red"}])
    assert not rows[0].chosen and rows[1].chosen


def test_what_may_be_of_it_too_is_near_and_unsorted(browser, gallery, user):
    half = gallery.pictures.filter(category="red")[:4]
    labels.assign(gallery, user, "crimson", {one.pk: 0 for one in half})
    (row,) = get(browser, ONE, name="crimson", show="more").context["rows"]
    assert {one.category for one in row.pictures[:4]} == {"red"} and not set(row.pictures) & set(half)


def test_forms_rename_and_merge_and_tell_who_was_faster(browser, gallery, django_user_model):
    state = classes.one_class(gallery, "red").state
    assert post(browser, action="rename", **{"class": "red"}, name="crimson", state=state).status_code == 302
    bob = django_user_model.objects.create_user("bob")
    state = classes.one_class(gallery, "crimson").state
    labels.assign(gallery, bob, "crimson", {gallery.pictures.filter(category="blue").first().pk: 0})
    answer = post(browser, action="merge", **{"class": "crimson"}, name="green", state=state)
    assert answer.status_code == 409 and b"bob changed crimson since you saw it" in answer.content
    state = classes.one_class(gallery, "crimson").state
    assert post(browser, action="merge", **{"class": "crimson"}, name="green", state=state).status_code == 302
    assert classes.one_class(gallery, "green").count == 17


def test_a_folder_with_an_odd_name_has_its_page(browser, gallery):
    for name in ("a/b", "q\"uo'te", "two\nlines", "a&b=c", "<i>", "中文"):
        gallery.pictures.filter(category__in=("red", "odd")).update(category=name)
        page = get(browser, ALL).content.decode()
        assert f"{reverse(ONE, args=['colours'])}?name=" in page
        assert get(browser, ONE, name=name).status_code == 200
        sent = name.replace("\n", "\r\n")  # as a form sends it
        assert post(browser, action="rename", **{"class": sent}, name="odd").status_code == 302
        gallery.pictures.filter(label="odd").update(label="", category="odd")


def test_bad_input_gets_one_line(browser, gallery):
    asked = ({"name": "violet"}, {}, {"name": "red", "show": "parts", "parts": "x"})
    asked += ({"name": "red", "show": "parts", "parts": "9"}, {"name": "red", "first": "-1"})
    for one in asked:
        assert get(browser, ONE, **one).status_code == 400, one
    assert get(browser, ALL, first="x").status_code == 400


def test_who_may_not(client, gallery):
    for name in (ALL, ONE):
        assert get(client, name).status_code == 302
