"""Batches of sketches and photographs: in step by class, every image in turn, and what is held out."""

from dataclasses import replace

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.skipped import Skipped
from embedding.batches.decode import Augmentation
from embedding.batches.loader import Batches
from embedding.sketches.batches import InStep, SketchBatches, deal, hold_out


@pytest.fixture
def images():
    """Six classes, the last unseen: three sketches and five photographs of each, whose pixels tell which they are."""
    labels = np.repeat(np.arange(6), 8)
    sketches = np.tile([True] * 3 + [False] * 5, 6)
    pixels = np.broadcast_to((10 * labels + sketches)[:, None, None, None], (48, 4, 4, 3)).astype(np.uint8)
    rows = np.arange(48)
    seen = labels < 5
    return ImageSet(
        *("drawn", pixels, labels, tuple("abcdef"), rows[seen], rows[sketches & ~seen], rows[~sketches & ~seen]),
        size=4,
        sketches=sketches,
    )


def batches(images, dealt, seed=0):
    def make(of):
        return Batches(of, deal=dealt, size=4, augmentation=Augmentation(flip=False), seed=seed)

    return SketchBatches(images, make)


def test_rows_are_of_one_class_and_of_their_kind(images):
    dealt = deal(images, size=8, images=2, devices=1, steps=None)
    assert (dealt.classes, dealt.images, dealt.steps) == (4, 2, 4)  # 25 photographs in batches of 8
    found = list(batches(images, dealt).epoch(1))
    assert len(found) == 4
    for batch in found:
        asking, answering = (rows.asnumpy()[:, 0, 0, 0].astype(int) for rows in batch.inputs)
        labels = batch.targets[0].asnumpy().astype(int)
        assert np.array_equal(asking, 10 * labels + 1) and np.array_equal(answering, 10 * labels)
        assert np.array_equal(np.unique(labels, return_counts=True)[1], [2, 2, 2, 2])


def test_the_same_for_the_same_seed_and_epoch_and_others_for_others(images):
    dealt = deal(images, size=8, images=2, devices=1, steps=3)

    def labels(number, seed):
        return [batch.targets[0].asnumpy().tolist() for batch in batches(images, dealt, seed).epoch(number)]

    assert labels(1, 0) == labels(1, 0) and labels(1, 0) != labels(2, 0) and labels(1, 0) != labels(1, 5)


def test_every_image_comes_before_one_comes_again():
    labels = np.repeat(np.arange(3), 4)
    plan = InStep(classes=2, images=2, steps=12).plan(labels, np.random.default_rng(0))
    for label in range(3):
        times = np.bincount(plan[labels[plan] == label], minlength=12)[labels == label]
        assert times.max() - times.min() <= 1


def test_held_out_classes_ask_their_own_photographs(images):
    held = hold_out(images, 0.4, seed=1)
    asks = set(held.labels[held.query])
    assert len(asks) == 2 and not asks & set(held.labels[held.train])
    assert held.sketches[held.query].all() and not held.sketches[held.gallery].any()
    assert set(held.labels[held.gallery]) == asks


def test_a_class_of_one_kind_is_refused(images):
    alone = replace(images, train=images.train[(images.labels[images.train] != 2) | images.sketches[images.train]])
    with pytest.raises(InputError, match="class 'c' trains by one kind alone .1 such.; give it sketches and"):
        batches(alone, InStep(classes=2, images=2, steps=1))


def test_a_class_none_of_whose_sketches_can_be_read_is_told(images, tmp_path):
    paths = [str(tmp_path / f"{row}.png") for row in range(48)]
    import cv2

    for row, path in enumerate(paths):
        if images.labels[row] != 1 or not images.sketches[row]:
            cv2.imwrite(path, images.images[row])
    broken = replace(images, images=paths)

    def make(of):
        how = {"size": 4, "augmentation": Augmentation(flip=False), "skipped": Skipped(48)}
        return Batches(of, deal=InStep(classes=5, images=2, steps=1), **how)

    with pytest.raises(InputError, match="all sketches or all photographs of a class cannot be read; mend them"):
        list(SketchBatches(broken, make).epoch(1))
