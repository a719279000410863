"""ScaNN: build strings and limits in one line each, without the library."""

import numpy as np
import pytest

from ann_bench.indexes.scann import Index
from datasets.errors import InputError

ABOUT = {"dim": 16, "metric": "euclidean", "count": 1000}


@pytest.mark.parametrize(
    "build, reason",
    [
        ("", "begin with AH or BF"),
        ("PQ,leaves=8", "begin with AH or BF"),
        ("AH,leaves=1", "leaves must be from 2 to the gallery's rows, 1000"),
        ("AH,leaves=1001", "leaves must be from 2 to the gallery's rows, 1000"),
        ("AH,block=17", "block must be at most the dimension, 16"),
        ("BF,block=2", "scann BF is built from leaves=N"),
    ],
)
def test_what_cannot_be_built(build, reason):
    with pytest.raises(InputError, match=f"--build=.*: .*{reason}"):
        Index(build, **ABOUT)


def test_what_is_searched_with_follows_the_build():
    names = {
        "AH,leaves=8": ["leaves_to_search", "pre_reorder_num_neighbors"],
        "BF": [],
        "BF,leaves=8": ["leaves_to_search"],
    }
    assert {build: list(Index(build, **ABOUT).tunes) for build in names} == names


def test_more_leaves_than_there_are_is_one_line():
    with pytest.raises(InputError, match="--search=leaves_to_search=9: there are only 8 leaves"):
        Index("AH,leaves=8", **ABOUT).check_search({"leaves_to_search": 9})


@pytest.mark.parametrize(
    "metric, found", [("euclidean", [2, np.inf]), ("angular", [-3, np.inf]), ("inner_product", [4, -np.inf])]
)
def test_distances_are_the_metrics_own(metric, found):
    index = Index("BF", **ABOUT | {"metric": metric})
    np.testing.assert_array_equal(index.in_metric(np.float32([[4, np.nan]])), [found])
