"""Groups hold all that is connected, by bytes, by pixels or by vectors, and keep the best picture."""

import cv2
import numpy as np
import pytest

from embedding.duplicates import groups as module
from embedding.duplicates.groups import BYTES, PIXELS, groups, near_pairs, same_bytes


def unit(rows):
    rows = np.asarray(rows, np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def by_hand(vectors, threshold):
    """The connected parts of two rows or more, by looking at every pair again and again."""
    label = list(range(len(vectors)))
    changed = True
    while changed:
        changed = False
        for i in range(len(vectors)):
            for j in range(len(vectors)):
                if i != j and vectors[i] @ vectors[j] > threshold and label[j] < label[i]:
                    label[i], changed = label[j], True
    parts = {}
    for row, name in enumerate(label):
        parts.setdefault(name, set()).add(row)
    return sorted(sorted(part) for part in parts.values() if len(part) > 1)


@pytest.mark.parametrize("threshold", [0.8, 0.95, 0.99])
def test_connected_rows_are_one_group(threshold, monkeypatch):
    monkeypatch.setattr(module, "_BLOCK", 7)
    vectors = unit(np.random.default_rng(0).normal(size=(60, 3)))
    paths = [f"nowhere/{row}.jpg" for row in range(60)]  # vectors alone are compared
    found = groups(paths, vectors, threshold)
    assert sorted(sorted(group.rows) for group in found) == by_hand(vectors, threshold)
    assert [len(group.copies) for group in found] == sorted((len(group.copies) for group in found), reverse=True)
    for group in found:
        likes = [vectors[row] @ vectors[group.rows[0]] for row in group.rows[1:]]
        assert likes == sorted(likes, reverse=True)
        np.testing.assert_allclose([copy.like for copy in group.copies[1:]], likes, rtol=1e-6)
        assert [copy.stays for copy in group.copies[1:]] == [like <= threshold for like in likes]
        assert group.spare == sum(like > threshold for like in likes)
    assert threshold > 0.95 or any(copy.stays for group in found for copy in group.copies)


def test_near_pairs_are_those_of_the_whole_table():
    vectors = unit(np.random.default_rng(1).normal(size=(30, 3)))
    first, second = near_pairs(vectors, 0.9)
    table = vectors @ vectors.T > 0.9
    np.fill_diagonal(table, False)
    assert set(zip(first.tolist(), second.tolist(), strict=True)) == set(map(tuple, np.argwhere(table).tolist()))


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_rows_and_rows_of_zeros_are_like_none(count):
    assert groups([f"{row}.jpg" for row in range(count)], np.zeros((count, 3), np.float32), 0.5) == []


def test_same_bytes_are_found_and_only_equal_sizes_are_read(tmp_path, monkeypatch):
    for name, data in {"a": b"one", "b": b"two", "c": b"one", "d": b"four", "e": b"one"}.items():
        (tmp_path / name).write_bytes(data)
    paths = [str(tmp_path / name) for name in "abcdef"]
    read, digest = [], module._digest
    monkeypatch.setattr(module, "_digest", lambda path: read.append(path[-1]) or digest(path))
    assert same_bytes(paths).tolist() == [0, 1, 0, 3, 0, 5]
    assert sorted(read) == ["a", "b", "c", "e"]


def test_the_largest_picture_is_kept_and_how_the_others_are_like_it_is_said(tmp_path):
    image = cv2.resize(np.random.default_rng(0).integers(0, 255, (5, 5, 3)).astype(np.uint8), (64, 64))
    small = cv2.resize(image, (32, 32))
    for name, picture in {"small.png": small, "whole.png": image, "same.bmp": image, "again.png": image}.items():
        cv2.imwrite(str(tmp_path / name), picture)
    names = ("small.png", "again.png", "same.bmp", "whole.png", "gone.png")
    paths = [str(tmp_path / name) for name in names]
    vectors = unit([[1, 0.02], [1, 0], [1, 0], [1, 0], [0, 1]])
    (group,) = groups(paths, vectors, 0.9)
    # The same pixels in more bytes: the bitmap is kept, then what has its pixels, then what is like it.
    assert [names[row] for row in group.rows] == ["same.bmp", "again.png", "whole.png", "small.png"]
    assert [copy.how for copy in group.copies] == ["", PIXELS, PIXELS, ""]
    assert group.copies[3].words == "0.9998"
    (tmp_path / "same.bmp").unlink()
    (group,) = groups(paths, np.delete(vectors, 2, 0)[[0, 1, 1, 2, 3]] * [[1], [1], [0], [1], [1]], 0.9)
    assert [copy.how for copy in group.copies] == ["", BYTES, ""]


def test_many_copies_of_one_file_hide_no_other(tmp_path):
    for row in range(50):
        (tmp_path / f"{row}.jpg").write_bytes(b"all the same")
    paths = [str(tmp_path / f"{row}.jpg") for row in range(50)] + ["gone/near.jpg"]
    vectors = unit([[1, 0]] * 50 + [[1, 0.1]])
    (group,) = groups(paths, vectors, 0.99)
    assert len(group.copies) == 51 and group.rows[-1] == 50
