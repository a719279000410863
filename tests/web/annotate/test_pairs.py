"""Pairs: the same or not, and the groups that follow."""

import pytest

from datasets.errors import InputError
from web.annotate import pairs


@pytest.fixture
def four(gallery):
    return list(gallery.pictures.values_list("pk", flat=True)[:4])


def test_a_chain_of_pairs_makes_a_group(gallery, user, four):
    a, b, c, d = four
    pairs.pair(gallery, user, c, b, "same")
    pairs.pair(gallery, user, a, b, "same")
    pairs.pair(gallery, user, c, d, "different")
    assert pairs.groups(gallery) == [[a, b, c]]
    assert pairs.contradictions(gallery) == []


def test_what_contradicts_a_chain_is_found(gallery, user, four):
    a, b, c, _ = four
    pairs.pair(gallery, user, a, b, "same")
    pairs.pair(gallery, user, b, c, "same")
    pairs.pair(gallery, user, c, a, "different")
    assert pairs.contradictions(gallery) == [(a, c)]


def test_both_orders_are_one_pair_and_the_second_person_is_told(gallery, user, four, django_user_model):
    bob = django_user_model.objects.create_user("bob")
    pairs.pair(gallery, bob, four[0], four[1], "different")
    outcome = pairs.pair(gallery, user, four[1], four[0], "same")
    (clash,) = outcome.clashes
    assert (clash.item.told, clash.wanted, clash.name) == ("different", "same", "bob")
    assert pairs.pair(gallery, user, four[1], four[0], "different").done == (clash.item.pk,)
    assert not pairs.pair(gallery, user, four[1], four[0], "same", clash.item.revision).clashes
    assert gallery.pairs.get().told == "same"


def test_what_is_no_pair_is_refused(gallery, user, four):
    for one, other, told in ((four[0], four[0], "same"), (four[0], 987654, "same"), (four[0], four[1], "alike")):
        with pytest.raises(InputError):
            pairs.pair(gallery, user, one, other, told)
    assert not gallery.pairs.exists()
