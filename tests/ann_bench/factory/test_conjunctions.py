"""The alternatives of a condition are fulfilled by the rows that fulfil the condition."""

import functools

import numpy as np
import pytest

from ann_bench.factory import conjunctions
from datasets.attributes.condition import All, Among, AnyOf, Between, Tagged
from datasets.attributes.passing import Passing
from datasets.attributes.table import Attributes
from datasets.errors import InputError

DRAW = np.random.default_rng(0)
PASSING = Passing(
    Attributes(
        {"number": DRAW.integers(10, size=200), "word": np.array(["a", "b", "c"])[DRAW.integers(3, size=200)]},
        (np.arange(201), DRAW.integers(4, size=200).astype(np.int32)),
    )
)
NUMBER, WORD, RANGE = Among("number", (1, 2, 7)), Among("word", ("a", "c")), Between("number", low=4)
CONDITIONS = [
    (All(), 1),
    (AnyOf(()), 0),
    (Among("word", ()), 0),
    (NUMBER, 3),
    (WORD, 1),
    (Tagged((2,)), 1),
    (All((NUMBER, WORD)), 3),
    (AnyOf((All((NUMBER, RANGE)), WORD)), 4),
    (All((AnyOf((NUMBER, RANGE)), AnyOf((WORD, Tagged((1,)))))), 8),
]


@pytest.mark.parametrize("condition, count", CONDITIONS)
def test_some_alternative_holds_where_the_condition_does(condition, count):
    found = conjunctions.of(condition)
    assert len(found) == count
    rows = [functools.reduce(np.logical_and, map(PASSING.rows, one), np.ones(200, bool)) for one in found]
    holds = functools.reduce(np.logical_or, rows, np.zeros(200, bool))
    np.testing.assert_array_equal(holds, PASSING.rows(condition))


def test_too_many_alternatives_are_one_line():
    many = Among("number", tuple(range(20)))
    with pytest.raises(InputError, match="--filter: comes to more than 256 alternatives"):
        conjunctions.of(All((many, many)))
