"""photo_sift is the same every time, holds no row twice, is as hard as it should be, and its places are true."""

import os

import cv2
import numpy as np
import pytest
from sklearn.datasets import load_sample_images

from datasets.errors import InputError
from datasets.vectors import photo_sift


def photo(side=200):
    """A piece of the photograph of China with many points."""
    return cv2.cvtColor(load_sample_images().images[0], cv2.COLOR_RGB2GRAY)[100 : 100 + side, 200 : 200 + side]


@pytest.fixture(scope="module")
def small():
    return photo_sift.make([photo()], gallery=3000, queries=50)


@pytest.fixture
def few(monkeypatch):
    """The whole way from photographs to files, with a few poses."""
    monkeypatch.setattr(photo_sift, "ZOOMS", (0.7,))
    monkeypatch.setattr(photo_sift, "TILTS", (1.0,))
    monkeypatch.setattr(photo_sift, "ANGLES", (0.0,))
    monkeypatch.setattr(photo_sift, "QUERY_ZOOMS", (0.8,))
    monkeypatch.setattr(photo_sift, "QUERY_TILTS", (1.3,))
    monkeypatch.setattr(photo_sift, "QUERY_ANGLES", (25.0,))
    monkeypatch.setattr(photo_sift, "QUERIES", 100)
    return photo_sift


def test_rows_are_sift_descriptors_of_the_size_asked_for(small):
    for (rows, places), count in zip(small, (3000, 50), strict=True):
        assert rows.shape == (count, 128) and rows.dtype == np.float32
        assert places.shape == (count,) and places.dtype == np.int64
        np.testing.assert_array_equal(rows, rows.round())
        assert rows.min() >= 0 and rows.max() <= 255
        assert (np.abs(np.linalg.norm(rows, axis=1) - 512) < 12).all()  # SIFT's length, which OpenCV rounds


def test_no_row_is_there_twice_and_no_query_is_in_the_gallery(small):
    (gallery, _), (queries, _) = small
    found, asked = ({tuple(row) for row in rows} for rows in (gallery, queries))
    assert len(found) == len(gallery) and len(asked) == len(queries)
    assert not found & asked


def test_equal_descriptors_are_kept_once_wherever_they_stand():
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 3, (300, 4)).astype(np.uint8)  # 81 different ones at most
    places = np.arange(300)
    for order in (places, rng.permutation(300)):
        kept, kept_places = photo_sift._distinct(rows[order], places[order])
        first = {tuple(row): place for place, row in reversed(list(enumerate(rows)))}
        assert {tuple(row): place for row, place in zip(kept, kept_places, strict=True)} == first
        assert len(kept) == len(first)


def test_a_query_that_is_a_gallery_row_is_left_out(monkeypatch):
    clear = photo_sift.Pose(1.0, 1.0, 0.0, noise=0.0)
    monkeypatch.setattr(photo_sift, "gallery_poses", lambda: [clear])
    monkeypatch.setattr(photo_sift, "query_poses", lambda: [clear])
    (gallery, _), (queries, _) = photo_sift.make([photo()], gallery=3000, queries=50)
    assert len(gallery) > 100 and len(queries) == 0


def test_the_same_every_time(small):
    for (rows, places), (again, places_again) in zip(
        small, photo_sift.make([photo()], gallery=3000, queries=50), strict=True
    ):
        np.testing.assert_array_equal(rows, again)
        np.testing.assert_array_equal(places, places_again)


def test_no_pose_asks_that_is_searched_in_and_none_makes_equal_descriptors():
    gallery, queries = photo_sift.gallery_poses(), photo_sift.query_poses()
    views = {(pose.zoom, pose.tilt) for pose in gallery}
    assert not views & {(pose.zoom, pose.tilt) for pose in queries}
    turns = {(pose.zoom, pose.tilt, pose.mirrored, pose.angle % 90) for pose in gallery}
    assert len(turns) == len(gallery) == len(photo_sift.ZOOMS) * len(photo_sift.TILTS) * len(photo_sift.ANGLES) * 2


@pytest.mark.parametrize("pose", [photo_sift.Pose(0.9, 1.0, 0.0), photo_sift.Pose(1.2, 1.6, 83.0, mirrored=True)])
def test_places_are_where_the_points_were_in_the_photograph(pose):
    """A bright square in a dark photograph: every point found near it must have its place."""
    dark = np.full((160, 192), 40, np.uint8)
    dark[68:92, 100:124] = 200  # inside of rows 64..95 and columns 96..127: cell row 2, column 3
    image, inside, matrix = photo_sift._posed(dark, pose, np.random.default_rng(0))
    bright = np.argwhere((image > 150) & (inside > 0))[:, ::-1].astype(np.float32)
    assert len(bright) > 200
    np.testing.assert_array_equal(photo_sift._places(bright, matrix, dark.shape), 2 * 6 + 3)


def test_most_queries_find_their_place(small):
    """As another photograph of the same place should: far better than chance, far from always."""
    (gallery, places), (queries, asked) = small
    nearest = ((queries[:, None] - gallery[None]) ** 2).sum(axis=2).argmin(axis=1)
    assert len(np.unique(places)) > 40
    assert 0.3 < (places[nearest] == asked).mean() < 0.95


def test_it_is_made_once_and_mapped_afterwards(few, tmp_path, monkeypatch):
    made = few.load(tmp_path)
    assert (made.name, made.metric, made.dim) == ("photo_sift", "euclidean", 128)
    assert len(made.queries) == 100 and len(made.gallery) > 100
    assert made.neighbors is None and (made.own_rows == -1).all()
    monkeypatch.setattr(few, "make", None)
    again = few.load(tmp_path)
    for field in ("gallery", "queries", "gallery_labels", "query_labels"):
        np.testing.assert_array_equal(getattr(again, field), getattr(made, field))
    assert os.listdir(tmp_path / "photo_sift") == [few.VERSION]
    assert few.VERSION.startswith("1-opencv-")


def test_another_version_is_made_anew(few, tmp_path, monkeypatch):
    few.load(tmp_path)
    monkeypatch.setattr(few, "VERSION", "2-opencv-9.9.9")
    few.load(tmp_path)
    assert len(os.listdir(tmp_path / "photo_sift")) == 2


def test_what_is_half_made_is_no_set(few, tmp_path, monkeypatch):
    def fail(path, rows):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(photo_sift.formats, "write", fail)
        with pytest.raises(KeyboardInterrupt):
            few.load(tmp_path)
    assert len(few.load(tmp_path).queries) == 100


def test_two_that_make_it_at_once_get_the_same_set(few, tmp_path, monkeypatch):
    make = few.make

    def outrun(photos, **sizes):
        monkeypatch.setattr(few, "make", make)
        few.load(tmp_path)  # the other one is done first
        return make(photos, **sizes)

    monkeypatch.setattr(few, "make", outrun)
    assert len(few.load(tmp_path).queries) == 100
    assert os.listdir(tmp_path / "photo_sift") == [few.VERSION]


def test_a_folder_that_cannot_be_written_is_named(few, tmp_path):
    (tmp_path / "photo_sift").write_text("a file where a folder should be")
    with pytest.raises(InputError, match=r"photo_sift.*cannot be written"):
        few.load(tmp_path)
