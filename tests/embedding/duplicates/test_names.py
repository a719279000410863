"""Paths that lead to one file are one picture, which goes by its plain name."""

import os
import shutil
import zipfile

import pytest

from embedding.duplicates.names import one_each


@pytest.fixture
def pics(tmp_path):
    (tmp_path / "real" / "flower").mkdir(parents=True)
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / "real" / "flower" / name).write_bytes(b"the same bytes")
    os.symlink("real", tmp_path / "pics")  # so that no path is free of links
    return tmp_path / "pics"


def test_links_to_files_and_folders_go_by_the_plain_name(pics):
    os.symlink("flower", pics / "a-link")
    os.symlink("flower/b.jpg", pics / "b-link.jpg")
    names = ("a-link/a.jpg", "a-link/b.jpg", "b-link.jpg", "flower/a.jpg", "flower/b.jpg", "gone.jpg", "gone.jpg")
    paths = [str(pics / name) for name in names]
    assert one_each(paths).tolist() == [3, 4, 4, 3, 4, 5, 5]


def test_hard_links_and_paths_that_stand_twice_are_one_file(pics, monkeypatch):
    os.link(pics / "flower/a.jpg", pics / "hard.jpg")
    monkeypatch.chdir(pics)
    assert one_each(["flower/a.jpg", "hard.jpg", str(pics / "flower/a.jpg"), "flower/b.jpg"]).tolist() == [0, 0, 0, 3]


def test_copies_are_files_of_their_own(pics):
    shutil.copy(pics / "flower/a.jpg", pics / "copy.jpg")
    paths = [str(pics / name) for name in ("flower/a.jpg", "flower/b.jpg", "copy.jpg")]
    assert one_each([*paths, "https://host/a.jpg", "https://host/b.jpg"]).tolist() == [0, 1, 2, 3, 4]
    assert one_each([]).tolist() == []


def test_a_link_to_an_archive_has_no_pictures_of_its_own(pics):
    with zipfile.ZipFile(pics / "b.zip", "w") as packing:
        packing.writestr("a.jpg", b"a")
        packing.writestr("b.jpg", b"a")
    os.symlink("b.zip", pics / "a.zip")
    paths = [f"{pics}/{name}" for name in ("a.zip/a.jpg", "a.zip/b.jpg", "b.zip/a.jpg", "b.zip/b.jpg")]
    assert one_each(paths).tolist() == [2, 3, 2, 3]
