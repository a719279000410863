"""Pictures of any proportions in a few shapes."""

import numpy as np
import pytest

from embedding.batches.shapes import groups, nearest, shaped


@pytest.mark.parametrize(
    ("size", "shape"),
    [
        ((480, 640), (272, 362)),
        ((640, 480), (362, 272)),
        ((400, 410), (362, 362)),
        ((1000, 1500), (241, 362)),
        ((3000, 1), (362, 204)),  # no shape is longer
        ((1, 1), (362, 362)),
    ],
)
def test_the_nearest_shape(size, shape):
    assert nearest(*size, 362) == shape


@pytest.mark.parametrize(
    ("size", "shape"),
    [
        ((480, 640), (272, 362)),
        ((362, 362), (362, 362)),
        ((150, 200), (144, 192)),
        ((70, 90), (48, 64)),
        ((20, 10), (64, 36)),  # the least that every trunk takes
        ((1, 1), (64, 64)),
    ],
)
def test_a_small_picture_is_not_enlarged(size, shape):
    assert shaped(np.zeros((*size, 3), np.uint8), 362).shape == (*shape, 3)


def test_there_are_few_shapes():
    rng = np.random.default_rng(0)
    assert len({nearest(*rng.integers(1, 4000, 2), 362) for _ in range(2000)}) == 7


def test_at_most_an_eighth_of_a_usual_picture_is_cut_off():
    columns = np.arange(460, dtype=np.uint8).repeat(3).reshape(1, 460, 3).repeat(400, axis=0)  # between 1:1 and 4:3
    seen = shaped(columns // 2, 400)
    assert seen.shape == (400, 400, 3)
    assert np.ptp(seen) >= np.ptp(columns // 2) * 0.86


def test_one_shape_goes_together_and_several_one_by_one():
    pictures = [np.full((4, 6, 3), i, np.uint8) for i in range(3)]
    (together,) = groups(pictures, together=True)
    alone = groups(pictures, together=False)
    np.testing.assert_array_equal(np.concatenate(alone), together)
    assert [group.shape for group in alone] == [(1, 4, 6, 3)] * 3
