"""The flags of all tracks: whose each is, and that none is passed over without a word."""

from dataclasses import fields

import pytest

from ann_bench.options import RunOptions
from ann_bench.tracks import base
from ann_bench.tracks.base import TrackFlags
from datasets.errors import InputError


def test_every_flag_belongs_to_a_track():
    owned = [name for names in base._FLAGS.values() for name in names]
    assert sorted([*owned, "track"]) == sorted(field.name for field in fields(TrackFlags))


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"filter": "price<50"}, "--filter=price<50: belongs to --track=filter, give that"),
        ({"clients": "8"}, "--clients=8: belongs to --track=clients, give that"),
        (
            {"near_queries": "a.npy", "track": "range"},
            "--near-queries=a.npy: belongs to --track=foreign, not",
        ),
        ({"track": "filter", "radius": "3"}, "--radius=3: belongs to --track=range, not --track=filter; give that"),
    ],
)
def test_a_flag_of_another_track_is_refused(flags, words):
    with pytest.raises(InputError) as error:
        RunOptions(**flags).check()
    assert words in str(error.value)


def test_flags_of_the_own_track_are_not():
    RunOptions(track="filter", filter="price<50", attributes="a.csv").check()
    RunOptions().check()
