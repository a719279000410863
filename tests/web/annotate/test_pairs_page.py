"""The page of pairs, and that of what was done."""

from django.urls import reverse

from web.annotate import labels, pairs

PAIRS, HISTORY, CHANGE = (f"annotate:{name}" for name in ("pairs", "history", "change"))


def get(browser, page, /, **asked):
    return browser.get(reverse(page, args=["colours"]), asked)


def say(browser, pair, action):
    fields = {"one": pair.first.pk, "other": pair.second.pk, "revision": pair.revision, "action": action}
    return browser.post(reverse(CHANGE, args=["colours"]), fields)


def test_it_works(browser, gallery):
    shown = get(browser, PAIRS).context["likely"]
    assert len(shown) == 12 and all(one.first.pk < one.second.pk for one in shown)
    assert [one.score for one in shown] == sorted((one.score for one in shown), reverse=True)
    assert say(browser, shown[0], "same").status_code == 302
    after = get(browser, PAIRS)
    assert (shown[0].first, shown[0].second) not in [(one.first, one.second) for one in after.context["likely"]]
    assert [(one.first, one.told) for one in after.context["last"]] == [(shown[0].first, "same")]


def test_the_pairs_of_one_picture(browser, gallery):
    first = gallery.pictures.first()
    shown = get(browser, PAIRS, like=first.pk).context["likely"]
    assert shown and all(first in (one.first, one.second) for one in shown)


def test_what_contradicts_is_shown(browser, gallery, user):
    a, b, c = gallery.pictures.values_list("pk", flat=True)[:3]
    for one, other, told in ((a, b, "same"), (b, c, "same"), (a, c, "different")):
        pairs.pair(gallery, user, one, other, told)
    assert [(one.first_id, one.second_id) for one in get(browser, PAIRS).context["wrong"]] == [(a, c)]


def test_the_second_person_is_told(browser, gallery, django_user_model):
    pair = get(browser, PAIRS).context["likely"][0]
    pairs.pair(gallery, django_user_model.objects.create_user("bob"), pair.first.pk, pair.second.pk, "different")
    answer = say(browser, pair, "same")
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "bob made" in page and 'name="revision" value="1"' in page and 'value="same"' in page


def test_the_history_tells_and_takes_back(browser, gallery, user):
    labels.assign(gallery, user, "sky", {gallery.pictures.first().pk: 0})
    (change,) = get(browser, HISTORY).context["changes"]
    assert (change.name, change.target, change.count) == ("ann", "sky", 1)
    browser.post(reverse(CHANGE, args=["colours"]), {"action": "undo", "change": change.pk})
    assert [one.kind for one in get(browser, HISTORY).context["changes"]] == ["undo", "assign"]
    assert not gallery.pictures.filter(label="sky").exists()


def test_bad_input_gets_one_line(browser, gallery):
    for name, asked in ((PAIRS, {"like": "x"}), (PAIRS, {"first": "x"}), (HISTORY, {"first": "-1"})):
        assert get(browser, name, **asked).status_code == 400
    assert get(browser, PAIRS, like="987654").context["likely"] == []


def test_who_may_not(client, gallery):
    for name in (PAIRS, HISTORY):
        assert get(client, name).status_code == 302


def test_many_contradictions_take_no_more_questions_than_one(browser, gallery, user, django_assert_max_num_queries):
    a, *others = gallery.pictures.values_list("pk", flat=True)[:12]
    for other in others:
        pairs.pair(gallery, user, a, other, "same")
    for one, other in zip(others, others[1:], strict=False):
        pairs.pair(gallery, user, one, other, "different")
    with django_assert_max_num_queries(25):
        page = browser.get(reverse("annotate:pairs", args=["colours"]))
    assert len(page.context["wrong"]) == 10
