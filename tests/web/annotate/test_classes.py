"""Classes: listed, renamed, merged and split."""

import pytest

from datasets.errors import InputError
from web.annotate import classes, labels, undoing
from web.annotate.telling import told


def names(gallery):
    return {one.name: one.count for one in classes.all_classes(gallery)}


def of(gallery, name, count=8):
    return dict(classes.of_class(gallery, name).values_list("pk", "revision")[:count])


def test_they_are_listed_with_what_people_said_of_them(gallery, user):
    assert names(gallery) == {"blue": 8, "green": 8, "red": 8}
    labels.assign(gallery, user, "red", of(gallery, "red", 2))
    red = classes.one_class(gallery, "red")
    assert (red.count, red.sorted, red.is_real) == (8, 2, True)
    assert red in classes.all_classes(gallery)


def test_rename(gallery, user):
    outcome = classes.rename(gallery, user, "red", "crimson", classes.one_class(gallery, "red").state)
    assert len(outcome.done) == 8
    assert names(gallery) == {"blue": 8, "green": 8, "crimson": 8}
    assert (outcome.change.kind, outcome.change.subject, outcome.change.target) == ("rename", "red", "crimson")


def test_merge(gallery, user):
    classes.merge(gallery, user, "red", "blue")
    assert names(gallery) == {"blue": 16, "green": 8}


def test_split(gallery, user):
    outcome = classes.split(gallery, user, "red", "dark red", of(gallery, "red", 3))
    assert names(gallery) == {"blue": 8, "green": 8, "red": 5, "dark red": 3}
    outcome.change.refresh_from_db()
    assert (outcome.change.kind, outcome.change.subject) == ("split", "red")


def test_who_saw_another_state_of_the_class_is_told_by_whom(gallery, user, django_user_model):
    bob, state = django_user_model.objects.create_user("bob"), classes.one_class(gallery, "red").state
    labels.assign(gallery, bob, "red", of(gallery, "blue", 1))
    with pytest.raises(classes.ChangedMeanwhile, match="bob changed red since you saw it"):
        classes.rename(gallery, user, "red", "crimson", state)
    with pytest.raises(classes.ChangedMeanwhile):
        classes.merge(gallery, user, "red", "blue", state)
    assert names(gallery) == {"blue": 7, "green": 8, "red": 9}


def test_a_class_that_somebody_renamed_is_told_of(gallery, user):
    classes.rename(gallery, user, "red", "crimson")
    with pytest.raises(InputError, match="no class red any more: ann made it crimson"):
        classes.rename(gallery, user, "red", "scarlet")


def test_a_name_that_was_renamed_begins_a_new_class_and_that_is_told(gallery, user):
    classes.rename(gallery, user, "red", "crimson")
    classes.rename(gallery, user, "crimson", "scarlet")
    outcome = labels.assign(gallery, user, "red", of(gallery, "blue", 2))
    assert "red is a new class: ann made the one of that name scarlet" in told("assign", outcome)
    again = labels.assign(gallery, user, "red", of(gallery, "blue", 2))
    assert told("assign", again) == "2 pictures are red now"  # it is there: said once


def test_a_name_that_is_new_or_came_back_tells_nothing(gallery, user):
    assert told("assign", labels.assign(gallery, user, "new", of(gallery, "red", 1))) == "1 picture is new now"
    classes.rename(gallery, user, "green", "lime")
    undoing.undo(gallery, user)
    assert told("assign", labels.assign(gallery, user, "green", of(gallery, "blue", 1))) == "1 picture is green now"
    classes.rename(gallery, user, "green", "lime")
    classes.rename(gallery, user, "lime", "green")  # in a circle
    assert told("assign", labels.assign(gallery, user, "lime", of(gallery, "blue", 1))).startswith("1 picture is lime")


WRONG = [
    (lambda g, u: classes.rename(g, u, "red", "red"), "called red already"),
    (lambda g, u: classes.rename(g, u, "red", "blue"), "there is a class blue already: merge"),
    (lambda g, u: classes.rename(g, u, "red", " "), "empty"),
    (lambda g, u: classes.rename(g, u, "violet", "red"), "no class violet"),
    (lambda g, u: classes.merge(g, u, "red", "red"), "into itself"),
    (lambda g, u: classes.merge(g, u, "red", "violet"), "no class violet"),
    (lambda g, u: classes.merge(g, u, "red", "-"), "stands for no class"),
    (lambda g, u: classes.split(g, u, "red", "new", {}), "no pictures are chosen"),
    (lambda g, u: classes.split(g, u, "red", "new", of(g, "red")), "rename it instead"),
    (lambda g, u: classes.split(g, u, "red", "blue", of(g, "red", 1)), "move the pictures there"),
]


def test_what_cannot_be_is_refused_and_changes_nothing(gallery, user):
    for what, complaint in WRONG:
        with pytest.raises(InputError, match=complaint):
            what(gallery, user)
    assert names(gallery) == {"blue": 8, "green": 8, "red": 8}
    assert not gallery.changes.exists()


def test_what_has_no_class_is_neither_renamed_nor_merged(gallery, user):
    labels.reject(gallery, user, of(gallery, "red", 2))
    for name in ("-", ""):
        with pytest.raises(InputError):
            classes.rename(gallery, user, name, "something")
    assert not classes.one_class(gallery, "-").is_real
