"""Everything under a folder or in an archive is found, and what is passed over is counted."""

import os
import zipfile

import pytest

from datasets.errors import InputError
from datasets.files import tree
from datasets.files.tree import PassedOver


def make(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    return str(root)


def listed(place):
    passed = PassedOver()
    return tree.files(place, passed), str(passed) if passed else ""


NAMES = ("b.jpg", "a/x.jpg", "a-b/y.jpg", "a/deep/z", ".hidden.jpg", "a/Thumbs.db", "__MACOSX/b.jpg", ".git/c.jpg")


def test_a_folder_is_listed_in_the_order_of_its_paths(tmp_path):
    root = make(tmp_path / "pics", *NAMES)
    found, passed = listed(root)
    assert found == ["a-b/y.jpg", "a/deep/z", "a/x.jpg", "b.jpg"]
    plain = [os.path.join(place, name) for place, _, names in os.walk(root) for name in names]
    assert found == sorted(p[len(root) + 1 :] for p in plain if p[len(root) + 1 :] not in NAMES[4:])
    assert "2 hidden or system files (such as" in passed and "2 hidden or system folders (such as" in passed


def test_an_archive_is_listed_as_the_folder_that_was_packed(tmp_path):
    root = make(tmp_path / "pics", *NAMES)
    with zipfile.ZipFile(tmp_path / "pics.zip", "w") as packing:
        packing.mkdir("empty")
        for name in NAMES:
            packing.writestr(name, b"x")
    assert listed(f"{root}.zip")[0] == listed(root)[0]
    assert listed(f"{root}.zip/a")[0] == ["deep/z", "x.jpg"]
    assert "4 hidden or system files" in listed(f"{root}.zip")[1]


def test_empty_folders_and_links_to_nothing_are_counted(tmp_path):
    root = make(tmp_path / "pics", "a.jpg")
    (tmp_path / "pics" / "empty").mkdir()
    os.symlink("gone", tmp_path / "pics" / "lost.jpg")
    os.symlink("itself", tmp_path / "pics" / "itself")
    found, passed = listed(root)
    assert found == ["a.jpg"]
    assert "1 empty folder (empty)" in passed and "2 dead links (such as" in passed


def test_what_is_no_file_is_counted_alone(tmp_path):
    root = make(tmp_path / "pics", "a.jpg")
    os.mkfifo(tmp_path / "pics" / "pipe.jpg")
    os.symlink("gone", tmp_path / "pics" / "lost.jpg")
    assert set(listed(root)[1].removeprefix("passed over ").split(", ")) == {
        "1 device (pipe.jpg)",
        "1 dead link (lost.jpg)",
    }


def test_links_are_followed_but_not_in_a_circle(tmp_path):
    root = make(tmp_path / "pics", "a/x.jpg")
    make(tmp_path / "other", "y.jpg")
    os.symlink(tmp_path / "other", tmp_path / "pics" / "b")
    os.symlink("..", tmp_path / "pics" / "a" / "up")
    found, passed = listed(root)
    assert found == ["a/x.jpg", "b/y.jpg"]
    assert passed == "passed over 1 folder in a circle of links (a/up)"


@pytest.mark.parametrize("named", ["real", "by a link"])
def test_links_to_where_the_folder_stands_are_a_circle(tmp_path, named):
    root = make(tmp_path / "home" / "pics", "a/x.jpg")
    make(tmp_path / "home", "private.jpg")
    os.symlink("../..", tmp_path / "home" / "pics" / "a" / "up")
    if named == "by a link":
        os.symlink(root, tmp_path / "pictures")
        root = str(tmp_path / "pictures")
    assert listed(root) == (["a/x.jpg"], "passed over 1 folder in a circle of links (a/up)")


def test_a_folder_without_rights_is_said(tmp_path, monkeypatch):
    root = make(tmp_path / "pics", "a/x.jpg", "b/y.jpg")
    scan = os.scandir

    def refuse(folder):
        if str(folder).endswith("/b"):
            raise PermissionError(13, "Permission denied")
        return scan(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(InputError, match=r"folder .*/pics/b cannot be read \(Permission denied\): see to its rights"):
        listed(root)


def test_names_in_any_bytes_are_listed_and_told(tmp_path):
    root = make(tmp_path / "pics", os.fsdecode(b"caf\xe9.jpg"), os.fsdecode(b".caf\xe9.jpg"))
    found, passed = listed(root)
    assert found == [os.fsdecode(b"caf\xe9.jpg")]
    passed.encode()


def test_what_is_no_folder_is_said(tmp_path):
    with pytest.raises(InputError, match="gone cannot be read"):
        listed(str(tmp_path / "gone"))
    with pytest.raises(InputError, match="is no folder"):
        listed(make(tmp_path, "file.txt") + "/file.txt")
