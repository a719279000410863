"""Undo and redo, of one person, and where others changed the same pictures meanwhile."""

import pytest

from datasets.errors import InputError
from web.annotate import classes, labels, pairs, undoing
from web.annotate.models import Step


@pytest.fixture
def bob(django_user_model):
    return django_user_model.objects.create_user("bob")


@pytest.fixture
def three(gallery):
    """The numbers of three pictures."""
    return list(gallery.pictures.values_list("pk", flat=True)[:3])


def now(gallery, three):
    return [gallery.pictures.get(pk=number).label for number in three]


def say(gallery, who, name, numbers):
    return labels.assign(
        gallery, who, name, dict(gallery.pictures.filter(pk__in=numbers).values_list("pk", "revision"))
    )


def test_changes_go_back_one_by_one_and_forth_again(gallery, user, three):
    for name in ("one", "two", "three"):
        say(gallery, user, name, three)
    seen = [now(gallery, three)[0]]
    for turn in (undoing.undo, undoing.undo, undoing.undo, undoing.redo, undoing.redo, undoing.undo, undoing.redo):
        outcome = turn(gallery, user)
        assert len(outcome.done) == 3 and not outcome.clashes
        seen.append(now(gallery, three)[0])
    assert seen == ["three", "two", "one", "", "one", "two", "one", "two"]


def test_a_new_change_ends_what_can_be_redone(gallery, user, three):
    say(gallery, user, "one", three)
    undoing.undo(gallery, user)
    say(gallery, user, "two", three)
    with pytest.raises(InputError, match="nothing to redo"):
        undoing.redo(gallery, user)


def test_nothing_to_undo(gallery, user, bob, three):
    say(gallery, bob, "one", three)
    with pytest.raises(InputError, match="nothing to undo"):
        undoing.undo(gallery, user)


def test_what_somebody_changed_meanwhile_stays_and_is_told(gallery, user, bob, three):
    say(gallery, user, "one", three)
    say(gallery, bob, "two", three[:1])
    outcome = undoing.undo(gallery, user)
    assert now(gallery, three) == ["two", "", ""]
    assert [(clash.item.pk, clash.wanted, clash.name) for clash in outcome.clashes] == [(three[0], "", "bob")]
    undoing.undo(gallery, bob)
    assert now(gallery, three) == ["one", "", ""]
    assert len(undoing.redo(gallery, user).done) == 2
    assert now(gallery, three) == ["one", "one", "one"]


def test_a_redo_does_not_overrule_somebody_else(gallery, user, bob, three):
    say(gallery, user, "one", three)
    undoing.undo(gallery, user)
    say(gallery, bob, "two", three[:1])
    assert len(undoing.redo(gallery, user).clashes) == 1
    assert now(gallery, three) == ["two", "one", "one"]


def test_a_change_that_cannot_go_back_does_not_bar_the_one_before(gallery, user, bob, three):
    say(gallery, user, "one", three[1:])
    say(gallery, user, "two", three[:1])
    say(gallery, bob, "three", three[:1])
    assert not undoing.undo(gallery, user).done
    assert len(undoing.undo(gallery, user).done) == 2


def test_a_whole_class_goes_back_to_what_each_picture_was(gallery, user):
    before = list(gallery.pictures.values_list("pk", "label", "category"))
    say(gallery, user, "red", [before[-1][0]])
    classes.merge(gallery, user, "red", "blue")
    undoing.undo(gallery, user)
    undoing.undo(gallery, user)
    assert list(gallery.pictures.values_list("pk", "label", "category")) == before


def test_anybody_may_take_back_a_change_by_its_number(gallery, user, bob, three):
    change = say(gallery, bob, "one", three).change
    undoing.undo(gallery, user, change.pk)
    assert now(gallery, three) == ["", "", ""]
    for number in (change.pk, gallery.changes.first().pk, 987654):
        with pytest.raises(InputError):
            undoing.undo(gallery, user, number)


def test_the_log_tells_of_undoing_too(gallery, user, three):
    say(gallery, user, "one", three)
    undoing.undo(gallery, user)
    told = [(step.change.kind, step.before, step.after, step.stands) for step in Step.objects.select_related("change")]
    assert told == [("assign", "", "one", False)] * 3 + [("undo", "one", "", False)] * 3


def test_pairs_go_back_too(gallery, user, bob, three):
    pairs.pair(gallery, user, *three[:2], "same")
    undoing.undo(gallery, user)
    assert gallery.pairs.get().told == ""
    undoing.redo(gallery, user)
    assert gallery.pairs.get().told == "same"
    pairs.pair(gallery, bob, *three[:2], "different", gallery.pairs.get().revision)
    assert len(undoing.undo(gallery, user).clashes) == 1
    assert gallery.pairs.get().told == "different"
