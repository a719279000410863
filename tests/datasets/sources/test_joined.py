"""Sets joined: each is a part, and what its queries are to find is what it was."""

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.truth import Truth, positions
from datasets.sources.joined import joined


def small(name: str, count: int, boxes: np.ndarray | None = None) -> ImageSet:
    """``count`` things: a query of each, then its picture, then one that trains."""
    rows = np.arange(3 * count)
    truth = Truth(
        "instances",
        positions([[row] for row in range(count)]),
        positions([()] * count),
        positions([()] * count),
        boxes=boxes,
    )
    split = {"query": rows[:count], "gallery": rows[count : 2 * count], "train": rows[2 * count :]}
    labels = np.zeros(3 * count, np.int64)
    return ImageSet(name, [f"{name}/{row}.jpg" for row in rows], labels, ("x",), **split, truth=truth)


def test_every_query_finds_the_pictures_that_it_found():
    sets = [small("a", 2), small("b", 3, np.float32([[1, 2, 3, 4], [np.nan] * 4, [5, 6, 7, 8]]))]
    found = joined(sets, "both")
    assert (found.name, len(found), len(found.train)) == ("both", 15, 0)
    assert found.truth.parts == ("a", "a", "b", "b", "b")
    names = []
    for images in sets:
        for row, easy in zip(images.query, images.truth.easy, strict=True):
            names.append((images.image_name(row), [images.image_name(images.gallery[place]) for place in easy]))
    again = [
        (found.image_name(row), [found.image_name(found.gallery[place]) for place in easy])
        for row, easy in zip(found.query, found.truth.easy, strict=True)
    ]
    assert again == names
    assert np.isnan(found.truth.boxes[:2]).all() and found.truth.boxes[4].tolist() == [5, 6, 7, 8]


def test_what_cannot_stand_together_is_told():
    rows = np.arange(4)
    arrays = ImageSet("c", np.zeros((4, 2, 2, 3), np.uint8), rows // 2, ("x", "y"), rows[:0], rows, rows)
    with pytest.raises(InputError, match="all are files"):
        joined([small("a", 2), arrays], "both")
