"""Milvus's words for attributes and conditions; what Milvus finds by them is in tests/ann_bench/indexes."""

import numpy as np
import pytest

from ann_bench.factory import milvus_filter
from datasets.attributes.condition import All, Among, AnyOf, Between, Tagged
from datasets.attributes.table import Attributes

TAGS = (np.array([0, 2, 2, 3]), np.array([4, 9, 7], np.int32))
ATTRIBUTES = Attributes(
    {"price in $": np.array([1.5, np.nan, 3.0]), "kind": np.array(["a", "", 'q"\\']), "year": np.array([1, 2, 3])}, TAGS
)


@pytest.mark.parametrize(
    "condition, words",
    [
        (All(), ""),
        (AnyOf(()), "id < 0"),
        (Among("year", (1, 2)), "c2 in [1, 2]"),
        (Among("year", ()), "id < 0"),
        (Among("kind", ('q"\\',)), r'c1 in ["q\"\\"]'),
        (Between("price in $", 1.5, 3.0, below=True), "(c0 >= 1.5) and (c0 < 3.0)"),
        (Between("year", low=1, above=True), "(c2 > 1)"),
        (Between("year"), "id >= 0"),
        (Tagged((4, 9)), "array_contains_all(tags, [4, 9])"),
        (Tagged(()), "id >= 0"),
        (
            AnyOf((Among("kind", ("a",)), All((Tagged((7,)), Between("year", high=2))))),
            '(c1 in ["a"]) or ((array_contains_all(tags, [7])) and ((c2 <= 2)))',
        ),
    ],
)
def test_a_condition_in_words(condition, words):
    assert milvus_filter.expression(condition, ATTRIBUTES) == words


def test_values_of_rows():
    found = list(milvus_filter.values(ATTRIBUTES, 1, 3))
    assert found == [
        {"c0": None, "c1": "", "c2": 2, "tags": []},
        {"c0": 3.0, "c1": 'q"\\', "c2": 3, "tags": [7]},
    ]
    assert {type(value) for value in found[1].values()} == {float, str, int, list}
