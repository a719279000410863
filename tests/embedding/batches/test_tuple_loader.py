"""Batches of tuples: what lies where, when the weights change, and what becomes of pictures that cannot be read."""

import cv2
import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.skipped import Skipped
from embedding.batches.tuple_loader import TupleBatches

COLOURS = np.random.default_rng(0).integers(30, 220, (12, 3))


def network(pixels: np.ndarray) -> np.ndarray:
    """A vector an image: its mean colour."""
    found = pixels.reshape(len(pixels), -1, 3).mean(axis=1)
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


def drawn_set() -> ImageSet:
    labels = np.arange(36) % 12
    pixels = np.stack([np.full((8, 8, 3), COLOURS[label] + i // 12, np.uint8) for i, label in enumerate(labels)])
    none = np.zeros(0, np.int64)
    return ImageSet("drawn", pixels, labels, tuple("abcdefghijkl"), np.arange(36), none, none)


def photographs(folder, *, broken=()) -> ImageSet:
    """Of every class an upright, a lying and a square picture."""
    images, labels = drawn_set(), np.arange(36) % 12
    paths = []
    for row in range(36):
        size = [(40, 30), (30, 40), (40, 40)][row // 12]
        path = folder / f"{row}.png"
        cv2.imwrite(str(path), np.full((*size, 3), images.images[row][0, 0], np.uint8))
        if row in broken:
            path.write_bytes(b"no picture")
        paths.append(str(path))
    none = np.zeros(0, np.int64)
    return ImageSet("photographs", tuple(paths), labels, tuple("abcdefghijkl"), np.arange(36), none, none)


def batches(images, **how):
    usual = {"side": 8, "seed": 0, "queries": 11, "pool": 36, "negatives": 3, "size": 4, "at_once": 4}
    return TupleBatches(images, network, **usual | how)


def test_tuples_lie_one_after_the_other():
    made = batches(drawn_set())
    tuples = made.mine(1)
    assert tuples.shape == (11, 5)
    seen = list(made.epoch(1))
    assert [len(batch.targets[0]) for batch in seen] == [20, 20, 15]
    labels = np.concatenate([batch.targets[0].asnumpy() for batch in seen]).reshape(-1, 5)
    np.testing.assert_array_equal(labels, tuples % 12)
    assert (labels[:, 0] == labels[:, 1]).all()
    assert all(len(set(row)) == 4 for row in labels)  # no instance twice among query and negatives
    pixels = np.concatenate([batch.inputs[0].asnumpy() for batch in seen])
    np.testing.assert_array_equal(pixels, made.images.images[tuples.ravel()])


@pytest.mark.parametrize(
    ("how", "sizes", "ends"),
    [
        ({}, [4, 4, 3], [True, True, True]),
        ({"at_once": 1}, [1] * 11, [i in (3, 7, 10) for i in range(11)]),
        ({"at_once": 3}, [3, 1, 3, 1, 3], [False, True, False, True, True]),
        ({"every": 2}, [4, 4, 3], [False, True, True]),
    ],
)
def test_a_step_ends_where_its_batches_do(how, sizes, ends):
    seen = list(batches(drawn_set(), **how).epoch(1))
    assert [len(batch.targets[0]) // 5 for batch in seen] == sizes
    assert [batch.ends_step for batch in seen] == ends


def test_an_epoch_is_the_same_again_and_each_is_another():
    made = batches(drawn_set())
    assert (made.mine(1) == made.mine(1)).all()
    assert (made.mine(1) != made.mine(2)).any()


def test_no_picture_is_looked_at_twice_in_mining():
    looked = []
    made = batches(drawn_set())
    made._network = lambda pixels: looked.append(len(pixels)) or network(pixels)
    made.mine(1)
    assert sum(looked) == 36


def test_photographs_come_at_their_own_proportions(tmp_path):
    made = batches(photographs(tmp_path), at_once=1)
    first = next(iter(made.epoch(1)))
    shapes = {0: (1, 8, 6, 3), 1: (1, 6, 8, 3), 2: (1, 8, 8, 3)}
    assert [group.shape for group in first.inputs] == [shapes[row // 12] for row in made.mine(1)[0]]


def test_tuples_with_a_picture_that_cannot_be_read_are_left_out(tmp_path):
    broken = (0, 13, 30)
    skipped = Skipped(36)
    made = batches(photographs(tmp_path, broken=broken), queries=36, skipped=skipped, at_once=2)
    tuples = made.mine(1)
    assert not np.isin(tuples[:, [0, 2, 3, 4]], broken).any()  # they are no query and no negative
    lost = np.isin(tuples[:, 1], broken)
    assert lost.any()
    seen = list(made.epoch(1))
    assert sum(len(batch.targets[0]) for batch in seen) == 5 * (len(tuples) - lost.sum())
    assert {path.split("/")[-1] for path in skipped.reasons} == {f"{row}.png" for row in broken}


@pytest.mark.parametrize("lost", [(3,), (2, 3), (0, 1, 2, 3), (7, 10)])
def test_a_step_ends_where_its_last_tuples_cannot_be_read(monkeypatch, lost):
    made = batches(drawn_set(), at_once=1)
    tuples = made.mine(1)
    read = iter(np.isin(np.arange(len(tuples)), lost).repeat(tuples.shape[1]))
    made._workers, whole = 1, made._read
    monkeypatch.setattr(made, "mine", lambda number: tuples)
    monkeypatch.setattr(made, "_read", lambda row: None if next(read) else whole(row))
    seen = list(made.epoch(1))
    steps = np.split(np.arange(len(tuples)), [4, 8])
    left = [len(np.setdiff1d(step, lost)) for step in steps]
    assert len(seen) == sum(left)
    assert np.flatnonzero([batch.ends_step for batch in seen]).tolist() == [
        end - 1 for end, count in zip(np.cumsum(left).tolist(), left, strict=True) if count
    ]


def test_too_many_negatives_are_told_by_their_flag():
    with pytest.raises(InputError, match="--neg-num=12: 12 negatives"):
        batches(drawn_set(), negatives=12).mine(1)
