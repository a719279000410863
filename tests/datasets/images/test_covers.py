"""Covers: drawn once and the same each time, told apart by what is drawn on them, nobody's things beside them."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from datasets.errors import InputError
from datasets.images import covers


@pytest.fixture(scope="module")
def few():
    """One series to train on, one to be asked for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(covers, "SERIES", {"train": 1, "test": 1})
        yield


@pytest.fixture(scope="module")
def drawn(few, tmp_path_factory):
    """Every split, small."""
    root = tmp_path_factory.mktemp("data")
    return {split: covers.load(root, split=split) for split in covers.SPLITS}


def test_half_of_the_things_train_a_quarter_asks_and_a_quarter_misleads():
    images = covers._listed(Path("somewhere"), "posters")
    assert images.name == "covers-posters" and len(images) == 360 and len(images.class_names) == 96
    assert (len(images.train), len(images.query), len(images.gallery)) == (192, 48, 120)
    assert len(set(images.labels[images.train])) == 48 and len(set(images.labels[images.query])) == 24
    others = set(images.labels[images.gallery]) - set(images.labels[images.query])
    assert len(others) == 24 and not set(images.labels[images.train]) & set(images.labels[images.gallery])


@pytest.mark.parametrize("split", covers.SPLITS)
def test_a_query_finds_the_reference_and_two_photographs_of_its_thing(drawn, split):
    images = drawn[split]
    assert images.truth.protocol == "instances" and len(images.truth) == len(images.query) == 4
    for row, easy, junk in zip(images.query, images.truth.easy, images.truth.junk, strict=True):
        found = [Path(images.images[images.gallery[place]]).stem for place in easy]
        thing = Path(images.images[row]).stem.split("-")[0]
        assert found == [f"{thing}-reference-1", f"{thing}-photograph-1", f"{thing}-photograph-2"] and not len(junk)


@pytest.mark.parametrize("split", covers.SPLITS)
def test_pictures_are_colour_files_of_many_sizes(drawn, split):
    sizes = set()
    for path in drawn[split].images:
        with Image.open(path) as picture:
            assert picture.format == "JPEG" and picture.mode == "RGB"
            sizes.add(picture.size)
            assert min(picture.size) > 100 and max(picture.size) <= 480
            assert np.asarray(picture).std() > 4
    assert len(sizes) > 20


def test_a_second_time_all_is_drawn_the_same(few, drawn, tmp_path):
    for split in ("shelf", "photographs"):
        again = covers.load(tmp_path, split=split)
        for path, before in zip(again.images, drawn[split].images, strict=True):
            assert Path(path).read_bytes() == Path(before).read_bytes()


def test_what_is_there_is_not_drawn_again_and_half_a_set_is_none(few, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(covers, "photograph", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            covers.load(tmp_path)
        assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    images = covers.load(tmp_path)
    monkeypatch.setattr(covers, "_write", lambda *_: 1 / 0)
    assert covers.load(tmp_path).fingerprint() == images.fingerprint()


def test_beside_a_thing_stand_only_what_is_no_thing_of_the_set(few, tmp_path, monkeypatch):
    seen = []

    def photograph(flat, others, camera, rng):
        seen.append((flat, list(others)))
        return flat, 50

    monkeypatch.setattr(covers, "photograph", photograph)
    covers.load(tmp_path, split="shelf")
    things = {flat.tobytes() for flat, _ in seen}
    beside = {other.tobytes() for _, others in seen for other in others}
    assert len(things) == 8 and len(beside) > 5 and not things & beside
    assert {len(others) for _, others in seen} <= {0, 2, 3, 4, 5}
    assert sum(not others for _, others in seen) == 4  # those that ask stand alone


def described(path):
    return cv2.SIFT_create(800).detectAndCompute(cv2.imread(path, cv2.IMREAD_GRAYSCALE), None)


def inliers(one, other):
    """How many local features lie on one movement of a plane."""
    (points, values), (others, other_values) = one, other
    pairs = cv2.BFMatcher().knnMatch(values, other_values, k=2)
    good = [first for first, second in pairs if first.distance < 0.8 * second.distance]
    if len(good) < 8:
        return 0
    ends = [np.float32([points[m.queryIdx].pt for m in good]), np.float32([others[m.trainIdx].pt for m in good])]
    return int(cv2.findHomography(*ends, cv2.RANSAC, 5.0)[1].sum())


@pytest.mark.parametrize("split", covers.SPLITS)
def test_photographs_show_their_thing_and_not_the_one_like_it(drawn, split):
    images = drawn[split]
    paths = {Path(path).stem: path for path in images.images}
    clean = [described(paths[f"01{letter}-reference-1"]) for letter in "ac"]
    right = 0
    for own, letter in enumerate("ac"):
        for how in ("photograph-1", "photograph-2", "query-1", "query-2"):
            photograph = described(paths[f"01{letter}-{how}"])
            found = [inliers(photograph, reference) for reference in clean]
            right += found[own] > found[1 - own]
    assert right >= 6


def test_what_cannot_be_asked_for_is_told(tmp_path):
    with pytest.raises(InputError, match="covers has no boxes"):
        covers.load(tmp_path, boxes=True)
    with pytest.raises(InputError, match="--split=books: dataset covers has the splits covers, shelf"):
        covers.load(tmp_path, split="books")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file/covers/.*cannot be written"):
        covers.load(tmp_path / "file")
