"""Batches of captions: padding, lengths, the images that belong to them, and words that are dropped."""

import cv2
import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images import digits
from datasets.images.base import ImageSet
from datasets.images.skipped import Skipped
from embedding.batches.decode import Augmentation
from vse.batches import CaptionBatches, KeptFeatures, Pixels, padded, plan_by_length

RNG = np.random.default_rng(0)
SENTENCES = [[1, *RNG.integers(4, 30, RNG.integers(1, 15)), 2] for _ in range(100)]
IMAGE_OF = np.repeat(np.arange(3, 23), 5)
FEATURES = RNG.normal(size=(30, 4)).astype(np.float32)


def batches(**how) -> CaptionBatches:
    return CaptionBatches(KeptFeatures(FEATURES[:, None]), SENTENCES, IMAGE_OF, **{"size": 8, "unknown": 3, **how})


def test_padding_stands_behind_the_end():
    words, lengths = padded([[1, 7, 2], [1, 2], [1, 4, 5, 6, 2]])
    assert words.tolist() == [[1, 7, 2, 0, 0, 0, 0, 0], [1, 2, 0, 0, 0, 0, 0, 0], [1, 4, 5, 6, 2, 0, 0, 0]]
    assert lengths.tolist() == [3, 2, 5]


@pytest.mark.parametrize(("count", "size"), [(100, 8), (7, 7), (400, 3), (500, 16)])
def test_a_plan_has_every_caption_once_but_for_a_rest(count, size):
    lengths = np.random.default_rng(1).integers(3, 30, count)
    plan = list(plan_by_length(lengths, size, np.random.default_rng(2)))
    seen = np.concatenate(plan)
    assert len(set(seen)) == len(seen) and all(len(batch) == size for batch in plan)
    assert len(seen) == count - count % size
    assert sum(lengths[batch].max() - lengths[batch].min() for batch in plan) < 27 * len(plan)


def test_the_longest_captions_are_seen_too():
    lengths = np.arange(3, 13)
    seen = [np.concatenate(list(plan_by_length(lengths, 8, np.random.default_rng(epoch)))) for epoch in range(30)]
    assert set(np.concatenate(seen)) == set(range(10))


def test_epochs_differ_and_come_again():
    first, second, again = (
        np.concatenate([b.inputs[1].asnumpy().sum(axis=1) for b in batches().epoch(n)]) for n in (1, 2, 1)
    )
    assert (first == again).all() and (first[: len(second)] != second).any()


def test_rows_belong_together():
    spelled = {tuple(map(int, sentence)): [] for sentence in SENTENCES}
    for sentence, image in zip(SENTENCES, IMAGE_OF, strict=True):
        spelled[tuple(map(int, sentence))].append(image)
    found = batches()
    assert str(found) == "100 captions of 20 images in batches of 8"
    for batch in found.epoch(1):
        features, words, lengths = (part.asnumpy() for part in batch.inputs)
        for row, number in enumerate(batch.targets[0].asnumpy()):
            sentence = tuple(words[row, : int(lengths[row])].astype(int))
            assert number + 3 in spelled[sentence]
            np.testing.assert_array_equal(features[row], FEATURES[int(number) + 3])


def test_words_are_dropped_but_never_the_ends():
    dropped = total = 0
    for batch in batches(word_dropout=0.3).epoch(1):
        words, lengths = (part.asnumpy().astype(int) for part in batch.inputs[1:])
        for row, length in zip(words, lengths, strict=True):
            assert (row[0], row[length - 1]) == (1, 2) and not row[length:].any()
            dropped, total = dropped + (row[1 : length - 1] == 3).sum(), total + length - 2
    assert 0.2 < dropped / total < 0.4
    assert not any((batch.inputs[1].asnumpy() == 3).any() for batch in batches().epoch(1))


def test_each_time_an_image_is_seen_from_a_view_at_random():
    views = np.arange(24, dtype=np.float32).reshape(4, 2, 3)
    plan = [np.array([0, 3, 3]), np.array([2, 1, 0])] * 20
    shown = list(KeptFeatures(views).stream(plan, (1, 2)))
    again = list(KeptFeatures(views).stream(plan, (1, 2)))
    np.testing.assert_array_equal(shown, again)
    pairs = list(zip((views[row] for rows in plan for row in rows), np.concatenate(shown), strict=True))
    first, second = (np.array([(row == both[view]).all() for both, row in pairs]) for view in (0, 1))
    assert (first != second).all() and 0.35 < second.mean() < 0.65


def test_pixels_are_those_of_the_rows_asked_for():
    images = digits.load(None)
    source = Pixels(images, size=28, augmentation=Augmentation(1.0, 1.0, flip=False), workers=1)
    plan = [np.array([3, 7]), np.array([11, 0])]
    for rows, pixels in zip(plan, source.stream(plan, (1, 2)), strict=True):
        np.testing.assert_array_equal(pixels, images.images[rows])


def on_disk(folder, broken) -> ImageSet:
    """30 pictures, each of one grey that tells its row; the ``broken`` are none."""
    paths = [str(folder / f"{row}.png") for row in range(30)]
    for row, path in enumerate(paths):
        cv2.imwrite(path, np.full((8, 8, 3), row, np.uint8))
    for row in broken:
        (folder / f"{row}.png").write_text("no picture")
    rows = np.arange(30)
    return ImageSet("greys", paths, np.zeros(30, np.int64), ("image",), rows[:0], rows, rows)


@pytest.mark.parametrize("broken", [(), (4,), (4, 9, 22), range(3, 22)])
def test_another_caption_takes_the_place_of_one_without_a_picture(broken, tmp_path):
    def epoch(number):
        skipped = Skipped(30)
        how = {"size": 8, "augmentation": Augmentation(1.0, 1.0, flip=False), "workers": 2, "skipped": skipped}
        found = CaptionBatches(Pixels(on_disk(tmp_path, broken), **how), SENTENCES, IMAGE_OF, size=6, unknown=3)
        arrays = [[part.asnumpy() for part in (*batch.inputs, *batch.targets)] for batch in found.epoch(number)]
        assert {int(path.rpartition("/")[2][:-4]) for path in skipped.reasons} <= set(broken)
        return arrays, skipped

    spelled = {tuple(map(int, sentence)): [] for sentence in SENTENCES}
    for sentence, image in zip(SENTENCES, IMAGE_OF, strict=True):
        spelled[tuple(map(int, sentence))].append(image)
    (first, skipped), (again, _) = epoch(2), epoch(2)
    assert len(skipped) == len(broken)
    plain = [part.inputs[1].asnumpy() for part in batches(size=6).epoch(2)]
    for shown, same, words in zip(first, again, plain, strict=True):
        for array, equal in zip(shown, same, strict=True):
            np.testing.assert_array_equal(array, equal)
        assert broken or (shown[1] == words).all()
        for pixels, row, length, number in zip(*shown, strict=True):
            assert pixels[0, 0, 0] == number + 3 in spelled[tuple(row[: int(length)].astype(int))]
            assert number + 3 not in broken


def test_where_no_picture_can_be_read_there_is_nothing_to_train_on(tmp_path):
    how = {"size": 8, "augmentation": Augmentation(1.0, 1.0, flip=False), "skipped": Skipped(1000)}
    found = CaptionBatches(Pixels(on_disk(tmp_path, range(3, 23)), **how), SENTENCES, IMAGE_OF, size=6, unknown=3)
    with pytest.raises(InputError, match="none of the images of 100 training captions can be read"):
        next(found.epoch(1))
