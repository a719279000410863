"""Annotations by programs."""

import pytest

from web.accounts import bearer
from web.annotate.models import Change

HERE = "galleries/colours"


@pytest.fixture
def pictures(gallery):
    return list(gallery.pictures.all())


def seen(*pictures, revision=0):
    return [{"picture": one.pk, "revision": revision} for one in pictures]


def label(program, name, pictures):
    return program("POST", f"{HERE}/labels", {"label": name, "pictures": pictures})


def test_it_works(program, pictures, user):
    told = label(program, "odd", seen(*pictures[:2])).json()
    assert told["done"] == [pictures[0].pk, pictures[1].pk]
    its = program("GET", f"{HERE}/pictures/{pictures[0].pk}").json()
    assert its["label"] == "odd" and its["revision"] == 1
    assert Change.objects.get(pk=told["change"]).who == user


def test_who_is_slower_is_told_and_the_rest_is_done(program, manager, pictures):
    label(manager, "odd", seen(pictures[0]))
    told = label(program, "even", seen(*pictures[:2]))
    assert told.status_code == 409
    problem = told.json()
    assert problem["done"] == [pictures[1].pk]
    clash = problem["clashes"][0]
    assert clash | {"when": ""} == {
        "pictures": [pictures[0].pk],
        "now": "odd",
        "revision": 1,
        "wanted": "even",
        "who": "sue",
        "when": "",
    }
    assert program("GET", f"{HERE}/pictures/{pictures[0].pk}").json()["label"] == "odd"
    again = [{"picture": pictures[0].pk, "revision": clash["revision"]}]
    assert label(program, "even", again).status_code == 200


def test_of_no_class(program, pictures):
    assert label(program, "-", seen(pictures[0])).status_code == 200
    assert program("GET", f"{HERE}/pictures/{pictures[0].pk}").json()["label"] == "-"
    told = program("POST", f"{HERE}/search", {"parts": [{"picture": pictures[0].pk}], "count": 1}).json()
    assert told["hits"][0]["category"] == ""


def test_it_is_undone_and_done_again(program, pictures):
    label(program, "odd", seen(pictures[0]))
    assert program("POST", f"{HERE}/changes/undo", {}).json()["done"] == [pictures[0].pk]
    assert program("GET", f"{HERE}/pictures/{pictures[0].pk}").json()["label"] == ""
    assert program("POST", f"{HERE}/changes/redo").json()["done"] == [pictures[0].pk]
    assert program("POST", f"{HERE}/changes/redo").status_code == 400


def test_a_change_of_another_is_undone_by_its_number(program, manager, pictures):
    number = label(manager, "odd", seen(pictures[0])).json()["change"]
    assert program("POST", f"{HERE}/changes/undo", {}).status_code == 400
    assert program("POST", f"{HERE}/changes/undo", {"change": number}).json()["done"] == [pictures[0].pk]


def test_changes_are_listed_with_who(program, manager, pictures):
    label(manager, "odd", seen(pictures[0]))
    label(program, "odd", seen(pictures[1]))
    told = program("GET", f"{HERE}/changes").json()["changes"]
    assert [(one["who"], one["target"]) for one in told] == [("ann", "odd"), ("sue", "odd")]
    before = program("GET", f"{HERE}/changes?before={told[0]['change']}&count=1").json()["changes"]
    assert before == told[1:]


def test_pairs(program, manager, pictures):
    two = [pictures[1].pk, pictures[0].pk]
    assert program("POST", f"{HERE}/pairs", {"pictures": two, "told": "same"}).status_code == 200
    told = manager("POST", f"{HERE}/pairs", {"pictures": two, "told": "different"})
    assert told.status_code == 409 and told.json()["clashes"][0]["pictures"] == sorted(two)
    asked = {"pictures": two, "told": "different", "revision": told.json()["clashes"][0]["revision"]}
    assert manager("POST", f"{HERE}/pairs", asked).status_code == 200


def test_classes_are_listed_renamed_and_merged(program, gallery, pictures):
    its = {one["category"]: one for one in program("GET", f"{HERE}/classes").json()["classes"]}
    assert its["red"]["count"] == 8 and its["red"]["sorted"] == 0
    asked = {"category": "red", "name": "rot", "state": its["red"]["state"]}
    assert len(program("POST", f"{HERE}/classes/rename", asked).json()["done"]) == 8
    assert program("POST", f"{HERE}/classes/rename", asked).status_code == 400
    asked = {"category": "rot", "name": "blue", "state": "0-0"}
    assert program("POST", f"{HERE}/classes/merge", asked).status_code == 409
    assert program("POST", f"{HERE}/classes/merge", asked | {"state": ""}).status_code == 200
    assert gallery.pictures.filter(label="blue").count() == 8


def test_who_may_only_read_may_not(reader, pictures):
    assert label(reader, "odd", seen(pictures[0])).status_code == 403 and not Change.objects.exists()


def test_a_token_says_who_did_it(program, pictures, django_user_model):
    bob = django_user_model.objects.create_user("bob")
    program.headers = {"Authorization": f"Bearer {bearer.made(bob, 'a', 'annotate')[1]}"}
    label(program, "odd", seen(pictures[0]))
    assert Change.objects.get().name == "bob"


@pytest.mark.parametrize(
    "body, words",
    [
        ({"label": "", "pictures": [{"picture": 1, "revision": 0}]}, "label"),
        ({"label": " ", "pictures": [{"picture": 1, "revision": 0}]}, "empty"),
        ({"label": "a" * 201, "pictures": [{"picture": 1, "revision": 0}]}, "label"),
        ({"label": "a\nb\x07", "pictures": [{"picture": 1, "revision": 0}]}, "signs"),
        ({"label": "a", "pictures": []}, "pictures"),
        ({"label": "a", "pictures": [{"picture": 1}]}, "pictures[0].revision: must be given"),
        ({"label": "a", "pictures": [{"picture": 999999, "revision": 0}]}, "not in this gallery"),
        ({"label": "a", "pictures": [{"picture": 1, "revision": -1}]}, "revision"),
    ],
)
def test_what_does_not_fit_is_refused(program, pictures, body, words):
    told = label(program, body["label"], body["pictures"])
    assert told.status_code == 400 and words in told.json()["detail"] and not Change.objects.exists()
