"""Pictures that ask: each once, cropped where wanted, known again in the gallery under any name."""

import os

import numpy as np
import pytest

from datasets.errors import InputError
from embedding.search import asked


def test_each_asks_once_and_one_alone_is_cropped():
    found = asked.pictures(["b.jpg", "a.jpg", "b.jpg"])
    assert found.images == ["b.jpg", "a.jpg"] and found.boxes is None and found.query.tolist() == [0, 1]
    np.testing.assert_array_equal(asked.pictures(["a.jpg"], "1, 2,30.5,4").boxes, [[1, 2, 30.5, 4]])


@pytest.mark.parametrize("crop", ["1,2,3", "1,2,3,x", "1,2,0,4", "1,2,3,-4", "nan,2,3,4", "1,2,inf,4", ""[:0] + "one"])
def test_no_crop_is_told(crop):
    with pytest.raises(InputError, match="--crop="):
        asked.pictures(["a.jpg"], crop)


def test_what_cannot_ask_is_told():
    with pytest.raises(InputError, match="ask with each by itself"):
        asked.pictures(["a.jpg", "b.jpg"], "1,2,3,4")
    with pytest.raises(InputError, match="names no picture"):
        asked.pictures([" "])


def test_a_picture_is_known_by_its_file(tmp_path, monkeypatch):
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).touch()
    os.symlink(tmp_path / "a.jpg", tmp_path / "link.jpg")
    monkeypatch.chdir(tmp_path)
    gallery = [str(tmp_path / name) for name in ("b.jpg", "a.jpg", "link.jpg", "gone.jpg")] + ["https://x.org/1.jpg"]
    own = asked.own_rows(["a.jpg", "https://x.org/1.jpg", "other.jpg"], gallery)
    assert [rows.tolist() for rows in own] == [[1, 2], [4], []]
