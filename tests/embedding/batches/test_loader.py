"""Batches: what they hold, the same ones again, and images that cannot be read."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.skipped import Skipped
from embedding.batches import decode
from embedding.batches.decode import Augmentation
from embedding.batches.loader import Batches
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


def test_a_broken_image_is_noted_and_replaced_by_its_class(tmp_path):
    skipped = Skipped(24)
    batches = make(photographs(tmp_path, broken=[7]), skipped=skipped)
    for epoch in (1, 2):
        for batch in batches.epoch(epoch):
            values, labels = batch.inputs[0].asnumpy()[:, 0, 0, 0], batch.targets[0].asnumpy()
            assert (values % 6 == labels).all()
            assert 7 not in values
    assert list(skipped.reasons) == [str(tmp_path / "7.png")]


def test_too_many_broken_images_end_the_run(tmp_path):
    batches = make(photographs(tmp_path, broken=[3]), skipped=Skipped(24, max_bad=0))
    with pytest.raises(InputError, match="1 of 24 pictures cannot be read, --max-bad=0 allows 0: .*3.png"):
        list(batches.epoch(1))


@pytest.mark.parametrize("broken", [[1], [1, 4], [0, 1, 2, 4, 5]])
def test_another_class_stands_in_for_one_without_a_readable_image(broken, tmp_path):
    """The classes ``broken`` of six; a batch has three."""
    batches = make(photographs(tmp_path, broken=[i for i in range(24) if i % 6 in broken]))
    found = [[part[0].asnumpy() for part in (batch.inputs, batch.targets)] for batch in batches.epoch(1)]
    again = [[part[0].asnumpy() for part in (batch.inputs, batch.targets)] for batch in batches.epoch(1)]
    for (pixels, labels), (same_pixels, same_labels) in zip(found, again, strict=True):
        np.testing.assert_array_equal(pixels, same_pixels)
        np.testing.assert_array_equal(labels, same_labels)
        assert (pixels[:, 0, 0, 0] % 6 == labels).all() and not np.isin(labels, broken).any()
        assert (labels[::2] == labels[1::2]).all()  # still two of a class
        if len(broken) == 1:
            assert len(set(labels)) == 3 and len(set(pixels[:, 0, 0, 0])) == 6


def test_where_no_image_can_be_read_there_is_nothing_to_train_on(tmp_path):
    images = photographs(tmp_path, broken=range(24))
    with pytest.raises(InputError, match="none of 24 training images can be read"):
        list(make(images, skipped=Skipped(1000)).epoch(1))


def test_an_image_in_place_of_another_brings_its_own_concepts(tmp_path):
    concepts = np.zeros((24, 5), bool)
    concepts[:, 0], concepts[np.arange(24), 1 + np.arange(24) % 4] = True, True
    concepts[3] = False  # like no other
    images = replace(photographs(tmp_path, broken=[3, 7]), labels=concepts, class_names=tuple("abcde"))
    batches = Batches(images, deal=AtRandom(6), size=8, augmentation=Augmentation(1.0, 1.0, flip=False))
    for batch in batches.epoch(1):
        values = batch.inputs[0].asnumpy()[:, 0, 0, 0]
        assert not {3, 7} & set(values)
        np.testing.assert_array_equal(batch.targets[0].asnumpy(), concepts[values])


def test_several_concepts_an_image_are_the_targets_as_they_are():
    concepts = np.random.default_rng(5).random((24, 5)) < 0.4
    images = replace(drawn(), labels=concepts, class_names=tuple("abcde"))
    batches = Batches(images, deal=AtRandom(6), size=8, augmentation=Augmentation(1.0, 1.0, flip=False))
    assert batches.class_count == 5
    for batch, rows in zip(batches.epoch(1), batches.plan(1), strict=True):
        np.testing.assert_array_equal(batch.targets[0].asnumpy(), concepts[rows])
