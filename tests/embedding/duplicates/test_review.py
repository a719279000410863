"""The page shows every group, the CSV says what to keep."""

import csv
import os

import numpy as np
import pytest

from datasets.errors import InputError
from embedding.duplicates import review
from embedding.duplicates.groups import BYTES, Copy, Group

GROUPS = [Group((Copy(2, 1.0), Copy(0, 1.0, BYTES), Copy(1, 0.97))), Group((Copy(3, 1.0), Copy(4, 0.96)))]
PATHS = ["a/0.jpg", "b/<1>.jpg", "c/2.jpg", os.fsdecode(b"d/\xe9.jpg"), "e/4.jpg"]
PARTS = ["train", "test", "train", "test", "test"]


def write_page(folder, groups=GROUPS):
    page = review.write_review(
        folder, "pets", groups, PATHS, PARTS, how="By looks.", thumbnails=lambda _: np.zeros((8, 8, 3), np.uint8)
    )
    return page.read_text()


def test_the_csv_says_what_to_keep(tmp_path):
    file = review.write_csv(tmp_path / "new", GROUPS, PATHS, PARTS)
    with file.open(encoding="utf-8", errors="surrogateescape", newline="") as lines:
        found = list(csv.reader(lines))
    assert found[0] == ["group", "path", "like", "keep", "part"]
    assert found[1:4] == [
        ["1", "c/2.jpg", "1.0000", "True", "train"],
        ["1", "a/0.jpg", "same bytes", "False", "train"],
        ["1", "b/<1>.jpg", "0.9700", "False", "test"],
    ]
    assert found[4][:2] == ["2", PATHS[3]]


def test_the_page_shows_every_picture_and_what_crosses(tmp_path):
    page = write_page(tmp_path)
    assert page.count("<figure") == 5 and page.count('class="keep"') == 2
    assert "b/&lt;1&gt;.jpg" in page and "<b>same bytes</b>, train" in page and "By looks." in page
    assert "<b>1</b><span>in train and test</span>" in page and "<b>3</b><span>to let go</span>" in page
    assert [review.crosses(group, PARTS) for group in GROUPS] == [True, False]


def test_what_is_connected_by_others_alone_is_kept_too(tmp_path):
    groups = [Group((Copy(2, 1.0), Copy(0, 0.97), Copy(1, 0.84, stays=True)))]
    page = write_page(tmp_path, groups)
    assert "<b>0.8400, keep too</b>" in page and "<b>1</b><span>to let go</span>" in page
    with review.write_csv(tmp_path, groups, PATHS, PARTS).open(newline="") as lines:
        assert [line["keep"] for line in csv.DictReader(lines)] == ["True", "False", "True"]


def test_a_page_without_groups_says_so(tmp_path):
    assert "No picture is a copy of another" in write_page(tmp_path, [])


def test_long_pages_are_cut_and_say_so(tmp_path, monkeypatch):
    monkeypatch.setattr(review, "_GROUPS", 1)
    monkeypatch.setattr(review, "_IN_GROUP", 2)
    page = write_page(tmp_path)
    assert "The first 1 of 2 groups are shown" in page and "and 1 more" in page and page.count("<figure") == 2


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"duplicates\.csv cannot be written"):
        review.write_csv(tmp_path / "file", GROUPS, PATHS, PARTS)
