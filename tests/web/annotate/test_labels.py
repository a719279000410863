"""Labels of pictures: given, taken, and kept where somebody else was faster."""

import pytest

from datasets.errors import InputError
from web.annotate import labels
from web.annotate.models import Change, Step

ODD = {
    'a, "b"': 'a, "b"',
    " two\n lines ": "two lines",
    "中文": "中文",
    "=cmd|' /C calc'!A0": "=cmd|' /C calc'!A0",
    "x" * 200: "x" * 200,
    "e\u0301": "\u00e9",
}


@pytest.fixture
def other(django_user_model):
    return django_user_model.objects.create_user("bob")


def seen(gallery, count=3):
    return dict(gallery.pictures.values_list("pk", "revision")[:count])


def test_pictures_get_a_class_and_the_log_says_who_gave_it(gallery, user):
    chosen = seen(gallery)
    outcome = labels.assign(gallery, user, "sky", chosen)
    assert outcome.done == tuple(chosen) and not outcome.clashes
    assert {one.called for one in gallery.pictures.filter(pk__in=chosen)} == {"sky"}
    assert set(gallery.pictures.filter(pk__in=chosen).values_list("revision", flat=True)) == {1}
    change = Change.objects.get()
    assert (change.name, change.kind, change.target) == ("ann", "assign", "sky")
    assert change.steps.count() == 3


def test_rejected_pictures_are_of_no_class_whatever_their_folder_says(gallery, user):
    chosen = seen(gallery)
    labels.reject(gallery, user, chosen)
    assert {(one.label, one.called) for one in gallery.pictures.filter(pk__in=chosen)} == {("-", "")}


def test_who_saw_an_older_state_is_told_and_what_nobody_touched_is_done(gallery, user, other):
    chosen = seen(gallery)
    first = min(chosen)
    labels.assign(gallery, other, "sea", {first: 0})
    outcome = labels.assign(gallery, user, "sky", chosen)
    (clash,) = outcome.clashes
    assert (clash.item.pk, clash.item.label, clash.wanted, clash.name) == (first, "sea", "sky", "bob")
    assert clash.when == Change.objects.get(name="bob").when
    assert set(outcome.done) == set(chosen) - {first}
    assert gallery.pictures.get(pk=first).label == "sea"


def test_what_was_done_already_is_no_clash_and_no_change(gallery, user, other):
    chosen = seen(gallery)
    labels.assign(gallery, other, "sky", chosen)
    outcome = labels.assign(gallery, user, "sky", chosen)
    assert outcome.change is None and outcome.done == tuple(chosen) and not outcome.clashes
    assert Step.objects.count() == 3


def test_a_name_that_is_none_is_refused(gallery, user):
    for name in ("", "  \n ", "-", "x" * 201, "a\x07b", "a\u202eb"):
        with pytest.raises(InputError):
            labels.assign(gallery, user, name, seen(gallery))
    assert not Step.objects.exists()


def test_odd_names_are_kept(gallery, user):
    for typed, kept in ODD.items():
        labels.assign(gallery, user, typed, seen(gallery, 1))
        assert gallery.pictures.first().label == kept


def test_nothing_chosen_and_strange_pictures_are_refused(gallery, user):
    with pytest.raises(InputError, match="no pictures are chosen"):
        labels.assign(gallery, user, "sky", {})
    with pytest.raises(InputError, match="picture 987654 is not in this gallery"):
        labels.assign(gallery, user, "sky", {**seen(gallery), 987654: 0})
    assert not gallery.pictures.exclude(label="").exists()


def test_more_pictures_than_one_statement_takes(gallery, user):
    from web.galleries.models import Picture

    made = (Picture(gallery=gallery, path=f"more/{number}.jpg") for number in range(1200))
    Picture.objects.bulk_create(made)
    chosen = seen(gallery, 1224)
    assert len(labels.assign(gallery, user, "sky", chosen).done) == 1224
    assert gallery.pictures.filter(label="sky").count() == 1224
