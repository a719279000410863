"""Batches: what they hold, the same ones again, and images that cannot be read."""

import logging
from dataclasses import replace

import cv2
import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images.base import ImageSet
from embedding.batches import decode
from embedding.batches.decode import Augmentation
from embedding.batches.loader import Batches, in_threads
from embedding.batches.plan import AtRandom, ByClass

NOTHING = np.zeros(0, np.int64)


def drawn(count: int = 24) -> ImageSet:
    images = np.random.default_rng(0).integers(0, 255, (count, 8, 8, 3)).astype(np.uint8)
    labels = np.arange(count) % 6 + 10
    return ImageSet("drawn", images, labels, tuple("abcdefghijklmnop"), np.arange(count), NOTHING, NOTHING)


def make(images: ImageSet, **options) -> Batches:
    return Batches(images, deal=ByClass(3, 2), size=8, augmentation=Augmentation(1.0, 1.0, flip=False), **options)


def test_batches_hold_the_planned_images_under_labels_from_0():
    batches = make(drawn())
    assert batches.class_count == 6
    for rows, batch in zip(batches.plan(1), batches.epoch(1), strict=True):
        pixels, labels = batch.inputs[0].asnumpy(), batch.targets[0].asnumpy()
        assert pixels.dtype == np.uint8
        np.testing.assert_array_equal(pixels, drawn().images[rows])
        np.testing.assert_array_equal(labels, drawn().labels[rows] - 10)


def test_epochs_differ_and_repeat_with_the_seed():
    def pixels(seed, epoch):
        return [batch.inputs[0].asnumpy() for batch in make(drawn(), seed=seed).epoch(epoch)]

    np.testing.assert_array_equal(pixels(3, 2), pixels(3, 2))
    assert not np.array_equal(pixels(3, 2), pixels(3, 1))
    assert not np.array_equal(pixels(3, 2), pixels(4, 2))


def test_workers_share_the_batches_of_one(monkeypatch):
    read = []
    monkeypatch.setattr(decode, "read", lambda images, row, **_: read.append(row) or images.images[row])
    how = {"deal": ByClass(4, 3), "size": 8, "augmentation": Augmentation(0.5), "steps": 3, "workers": 1}
    whole = list(Batches(drawn(), **how).epoch(2))
    rows = sorted(read)
    read.clear()
    parts = [Batches(drawn(), **how, part=(rank, 2)) for rank in (0, 1)]
    assert str(parts[1]) == "24 images of 6 classes in batches of 4 x 3, shared by 2 workers"
    for batch, *shares in zip(whole, *(part.epoch(2) for part in parts), strict=True):
        for kind in ("inputs", "targets"):
            found = np.concatenate([getattr(share, kind)[0].asnumpy() for share in shares])
            np.testing.assert_array_equal(found, getattr(batch, kind)[0].asnumpy())
        assert not set(shares[0].targets[0].asnumpy()) & set(shares[1].targets[0].asnumpy())  # by whole classes
    assert sorted(read) == rows  # an image of another worker is not even read


@pytest.mark.parametrize("steps", [1, 4, 11])
def test_an_epoch_can_have_any_number_of_steps(steps):
    assert len(list(make(drawn(), steps=steps).epoch(1))) == steps


def test_batches_of_rectangles():
    how = {"deal": ByClass(3, 2), "augmentation": Augmentation()}
    batch = next(Batches(drawn(), size=(16, 8), **how).epoch(1))
    assert batch.inputs[0].shape == (6, 16, 8, 3)


def photographs(folder, broken=()) -> ImageSet:
    for i in range(24):
        cv2.imwrite(str(folder / f"{i}.png"), np.full((8, 8, 3), i, np.uint8))
    for i in broken:
        (folder / f"{i}.png").write_text("no image")
    paths = [str(folder / f"{i}.png") for i in range(24)]
    return ImageSet("photographs", paths, np.arange(24) % 6, tuple("abcdef"), np.arange(24), NOTHING, NOTHING)


def test_a_broken_image_is_named_once_and_replaced_by_its_class(tmp_path, caplog):
    batches = make(photographs(tmp_path, broken=[7]), max_bad=0.05)
    with caplog.at_level(logging.WARNING):
        for epoch in (1, 2):
            for batch in batches.epoch(epoch):
                values, labels = batch.inputs[0].asnumpy()[:, 0, 0, 0], batch.targets[0].asnumpy()
                assert (values % 6 == labels).all()
                assert 7 not in values
    assert [record.message.count("7.png") for record in caplog.records] == [1]


def test_too_many_broken_images_end_the_run(tmp_path):
    batches = make(photographs(tmp_path, broken=[3, 7, 11]), max_bad=0.1)
    with pytest.raises(InputError, match="3 of 24 training images cannot be used, --max-bad=0.1 allows 2"):
        list(batches.epoch(1))


def test_a_class_without_a_readable_image_ends_the_run(tmp_path):
    batches = make(photographs(tmp_path, broken=[1, 7, 13, 19]), max_bad=0.5)
    with pytest.raises(InputError, match="neither it nor any of 4"):
        list(batches.epoch(1))


def test_threads_keep_the_order_and_pass_errors_on():
    def load(number):
        if number == 9:
            raise InputError("nine")
        return np.full(2, number)

    found = list(in_threads(load, [[(i,), (i + 1,)] for i in range(0, 8, 2)], workers=3))
    np.testing.assert_array_equal(np.concatenate(found)[:, 0], np.arange(8))
    with pytest.raises(InputError, match="nine"):
        list(in_threads(load, [[(8,), (9,)]], workers=2))


def test_several_concepts_an_image_are_the_targets_as_they_are():
    concepts = np.random.default_rng(5).random((24, 5)) < 0.4
    images = replace(drawn(), labels=concepts, class_names=tuple("abcde"))
    batches = Batches(images, deal=AtRandom(6), size=8, augmentation=Augmentation(1.0, 1.0, flip=False))
    assert batches.class_count == 5
    for batch, rows in zip(batches.epoch(1), batches.plan(1), strict=True):
        np.testing.assert_array_equal(batch.targets[0].asnumpy(), concepts[rows])
