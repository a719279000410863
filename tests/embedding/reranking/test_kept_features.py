import json
import os
from dataclasses import replace

import cv2
import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.pixels import Unreadable
from datasets.images.skipped import Skipped
from embedding.reranking import kept_features
from embedding.reranking.kept_features import kept
from embedding.reranking.local_features import Sift, find
from tests.embedding.reranking.test_local_features import blobs

HOW = Sift(count=60)


def a_set(images: list[str] | np.ndarray) -> ImageSet:
    rows = np.arange(len(images))
    return ImageSet("things", images, np.zeros(len(images), np.int64), ("thing",), rows[:0], rows, rows)


@pytest.fixture
def images(tmp_path) -> ImageSet:
    (tmp_path / "pictures").mkdir()
    for i in range(4):
        cv2.imwrite(str(tmp_path / f"pictures/ä {i}.png"), blobs(120, 160, seed=i)[..., ::-1])
    return a_set(sorted(map(str, (tmp_path / "pictures").iterdir())))


@pytest.fixture
def found(monkeypatch) -> list:
    """The pictures whose features have been looked for."""
    seen = []

    def counted(picture, how):
        seen.append(picture)
        return find(picture, how)

    monkeypatch.setattr(kept_features, "find", counted)
    return seen


def same(features, seed: int) -> None:
    expected = find(blobs(120, 160, seed=seed), HOW)
    assert len(features) == 60
    np.testing.assert_array_equal(features.descriptors, expected.descriptors)
    np.testing.assert_array_equal(features.frames, expected.frames)
    assert features.shape == expected.shape


def test_each_picture_has_its_features_in_the_order_of_the_rows(images, tmp_path):
    features = kept(images, [2, 0, 2], folder=tmp_path / "local", how=HOW)
    assert len(features) == 3
    for one, seed in zip(features, (2, 0, 2), strict=True):
        same(one, seed)
    same(features[-1], 2)
    assert [len(one) for one in features[:2]] == [60, 60]


def test_features_are_found_once(images, tmp_path, found):
    kept(images, [1, 2], folder=tmp_path, how=HOW)
    assert len(found) == 2
    same(kept(images, [0, 1, 2, 3], folder=tmp_path, how=HOW)[1], 1)
    assert len(found) == 4
    kept(images, [0, 1, 2, 3], folder=tmp_path, how=HOW)
    assert len(found) == 4
    assert len(kept(images, [0], folder=tmp_path, how=Sift(count=30))[0]) == 30


def test_a_feature_takes_136_bytes(images, tmp_path):
    kept(images, range(4), folder=tmp_path, how=HOW)
    (file,) = tmp_path.glob("*.features")
    assert file.stat().st_size == 4 * 60 * 136


def test_a_changed_picture_is_looked_at_anew(images, tmp_path, found):
    kept(images, range(4), folder=tmp_path, how=HOW)
    cv2.imwrite(images.images[1], blobs(120, 160, seed=9)[..., ::-1])
    features = kept(images, range(4), folder=tmp_path, how=HOW)
    assert len(found) == 5
    same(features[1], 9)
    same(features[2], 2)


def test_pictures_in_memory_are_known_by_their_pixels(tmp_path, found):
    pictures = np.stack([blobs(120, 160, seed=seed) for seed in range(3)])
    kept(a_set(pictures), range(3), folder=tmp_path, how=HOW)
    same(kept(a_set(pictures[::-1]), [0], folder=tmp_path, how=HOW)[0], 2)
    assert len(found) == 3


def test_a_picture_is_cropped_to_its_box(images, tmp_path):
    boxes = np.array([[0, 0, 160, 120], [40, 20, 100, 90], [0, 0, 160, 120], [0, 0, 160, 120]], np.float32)
    kept(images, [1], folder=tmp_path, how=HOW)
    (features,) = kept(replace(images, boxes=boxes), [1], folder=tmp_path, how=HOW)
    expected = find(blobs(120, 160, seed=1)[20:110, 40:140], HOW)
    assert features.shape == (90, 100)
    np.testing.assert_array_equal(features.descriptors, expected.descriptors)


def test_a_kill_costs_only_what_was_in_work(images, tmp_path, found):
    kept(images, range(4), folder=tmp_path, how=HOW)
    (lines,), (file,) = tmp_path.glob("*.jsonl"), tmp_path.glob("*.features")
    text, data = lines.read_bytes(), file.read_bytes()
    for cut_line, cut_data in ((5, 0), (0, 200), (40, 300)):  # the last line, the last features, both
        lines.write_bytes(text[: len(text) - cut_line])
        file.write_bytes(data[: len(data) - cut_data])
        before = len(found)
        features = kept(images, range(4), folder=tmp_path, how=HOW)
        assert len(found) == before + 1
        for seed, one in enumerate(features):
            same(one, seed)


def test_what_was_found_before_an_error_is_kept(images, tmp_path, found, monkeypatch):
    broken = kept_features.find

    def fails(picture, how):
        if len(found) == 2:
            raise MemoryError
        return broken(picture, how)

    monkeypatch.setattr(kept_features, "find", fails)
    monkeypatch.setattr(kept_features, "_BATCH", 1)  # what comes in one batch with an error is lost
    with pytest.raises(MemoryError):
        kept(images, range(4), folder=tmp_path, how=HOW, workers=1)
    monkeypatch.setattr(kept_features, "find", broken)
    kept(images, range(4), folder=tmp_path, how=HOW)
    assert len(found) == 4


def test_lost_features_are_not_taken_for_those_that_stand_there_now(images, tmp_path, found):
    kept(images, [0], folder=tmp_path, how=HOW)
    (file,) = tmp_path.glob("*.features")
    file.write_bytes(b"")
    kept(images, [1], folder=tmp_path, how=HOW)
    same(kept(images, [0], folder=tmp_path, how=HOW)[0], 0)
    assert len(found) == 3


def test_damaged_lines_are_passed_over(images, tmp_path, found):
    kept(images, [0], folder=tmp_path, how=HOW)
    (lines,) = tmp_path.glob("*.jsonl")
    odd = ["{", "[]", "3", '["a", 1]', json.dumps(["b", 0, "x", 1, 1]), json.dumps(["c", 10**12, 60, 120, 160]), ""]
    lines.write_text("\n".join(odd) + "\n" + lines.read_text())
    same(kept(images, [0], folder=tmp_path, how=HOW)[0], 0)
    assert len(found) == 1


def test_what_cannot_be_read_is_noted_and_has_no_features(images, tmp_path, found):
    broken = images.images[1]
    with open(broken, "wb") as file:
        file.write(b"no picture")
    skipped = Skipped(4)
    features = kept(images, range(4), folder=tmp_path, how=HOW, skipped=skipped)
    assert list(skipped.reasons) == [broken]
    assert [len(one) for one in features] == [60, 0, 60, 60]
    cv2.imwrite(broken, blobs(120, 160, seed=1)[..., ::-1])
    same(kept(images, range(4), folder=tmp_path, how=HOW)[1], 1)
    os.remove(broken)
    with pytest.raises(Unreadable):
        kept(images, range(4), folder=tmp_path, how=HOW)


def test_blank_pictures_have_no_features_and_are_kept(tmp_path, found):
    blank = a_set(np.zeros((2, 40, 50, 3), np.uint8))
    for _ in range(2):
        features = kept(blank, [0, 1], folder=tmp_path, how=HOW)
        assert [len(one) for one in features] == [0, 0]
        assert features[0].shape == (40, 50)
    assert len(found) == 1


def test_a_folder_that_is_a_file_is_refused(images, tmp_path):
    (tmp_path / "local").write_text("")
    with pytest.raises(InputError, match="local"):
        kept(images, [0], folder=tmp_path / "local", how=HOW)


def test_features_of_files_that_are_gone_or_changed_are_left_out(images, tmp_path, found):
    folder = tmp_path / "local"
    open_before = kept(images, range(4), folder=folder, how=HOW)
    (file,) = folder.glob("*.features")
    whole = file.stat().st_size
    assert kept_features.tidy(folder, HOW) == 0 and file.stat().st_size == whole
    os.unlink(images.images[1])
    os.utime(images.images[2], (1, 1))
    assert kept_features.tidy(folder, HOW) == 2 and file.stat().st_size == whole // 2
    same(open_before[3], 3)  # who had them open goes on with them
    found.clear()
    for one, seed in zip(kept(images, [0, 3], folder=folder, how=HOW), (0, 3), strict=True):
        same(one, seed)
    assert not found
    same(kept(images, [2], folder=folder, how=HOW)[0], 2)
    assert len(found) == 1


def test_tidying_where_nothing_is_kept_does_nothing(tmp_path):
    assert kept_features.tidy(tmp_path / "nothing", HOW) == 0 and not (tmp_path / "nothing").exists()


def test_a_file_that_is_tidied_while_it_is_opened_gives_no_wrong_features(images, tmp_path, monkeypatch):
    folder = tmp_path / "local"
    kept(images, range(4), folder=folder, how=HOW)
    opened = kept_features.KeptFeatures.__init__

    def late(self, file, places):
        monkeypatch.setattr(kept_features.KeptFeatures, "__init__", opened)
        os.unlink(images.images[0])
        assert kept_features.tidy(folder, HOW) == 1
        opened(self, file, places)

    monkeypatch.setattr(kept_features.KeptFeatures, "__init__", late)
    same(kept(images, [3], folder=folder, how=HOW)[0], 3)
