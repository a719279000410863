"""Unlabelled images: a folder, an archive, a list, a pattern."""

import glob
import logging
import os
import shutil
import zipfile

import pytest

from datasets.errors import InputError
from datasets.files import contents
from datasets.images import files

NAMES = ("b.jpg", "deep/a.PNG", "deep/er/c.webp")


@pytest.fixture
def pics(tmp_path):
    root = tmp_path / "pics"
    for name in (*NAMES, "notes.txt", "deep/.d.jpg"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())
    with zipfile.ZipFile(tmp_path / "pics.zip", "w") as packing:
        for name in (*NAMES, "notes.txt", "deep/.d.jpg"):
            packing.writestr(name, name.encode())
    return root


def names(root, found):
    return [path.removeprefix(f"{root}/") for path in found.images]


def test_all_images_at_any_depth_and_nothing_else(pics, caplog):
    with caplog.at_level(logging.INFO):
        found = files.load(pics)
    assert names(pics, found) == list(NAMES)
    assert found.name == "pics" and found.leave_one_out
    assert len(found.train) == 0
    (line,) = caplog.messages
    assert line.endswith("passed over 1 hidden or system file (deep/.d.jpg), 1 file of other kinds (notes.txt)")


def test_an_archive_is_as_the_folder_that_was_packed(pics):
    found = files.load(f"{pics}.zip")
    assert found.name == "pics" and names(f"{pics}.zip", found) == list(NAMES)
    assert [contents.read(path) for path in found.images] == [name.encode() for name in NAMES]
    assert names(f"{pics}.zip/deep", files.load(f"{pics}.zip/deep")) == ["a.PNG", "er/c.webp"]


def test_one_picture_is_enough(pics):
    assert files.load(pics / "b.jpg").images == [str(pics / "b.jpg")]
    assert len(files.load(pics / "deep" / "er")) == 1


def test_pictures_without_an_ending_are_known_by_their_beginning(pics):
    (pics / "0001").write_bytes(b"\xff\xd8\xff\xe0 and so on")
    (pics / "0002").write_bytes(b"RIFF\0\0\0\0WEBPVP8 ")
    (pics / "0003").write_bytes(b"RIFF\0\0\0\0WAVEfmt ")
    (pics / "0004").write_bytes(b"")
    assert names(pics, files.load(pics)) == ["0001", "0002", *NAMES]


def test_patterns_take_files_of_any_depth_and_archives(pics):
    assert names(pics, files.load(f"{pics}/**/*.jpg")) == ["b.jpg"]
    found = files.load(f"{pics}/**/*")
    assert names(pics, found) == list(NAMES) and found.name == "pics"
    both = files.load(f"{pics.parent}/*.zip")
    assert names(f"{pics}.zip", both) == list(NAMES)
    with pytest.raises(InputError, match="matches nothing"):
        files.load(f"{pics}/*.nothing")
    with pytest.raises(InputError, match="matches folders but no file"):
        files.load(f"{pics.parent}/p*s")


PATTERNS = (
    "**",
    "**/*",
    "**/*.*",
    "deep/**/*.webp",
    "deep/**/er/**/c.webp",
    "**/er/*",
    "*/**/c.*",
    "**/**/*.jpg",
    "d*/**",
    "**/[ab].*",
)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_match_what_glob_matches(pics, pattern, monkeypatch):
    wanted = [path for path in sorted(set(glob.glob(pattern, root_dir=pics, recursive=True))) if path in NAMES]
    assert wanted and names(pics, files.load(f"{pics}/{pattern}")) == wanted
    monkeypatch.chdir(pics)
    assert files.load(pattern).images == wanted


def test_patterns_go_round_no_circle_of_links(pics, caplog):
    for name in ("up", "up2", "up3"):  # with glob 3 to the power of 40 paths
        os.symlink("../..", pics / "deep" / "er" / name)
    os.symlink("deep", pics / "other")
    with caplog.at_level(logging.INFO):
        found = files.load(f"{pics}/**/*.webp")
    assert names(pics, found) == ["deep/er/c.webp", "other/er/c.webp"]
    assert "6 folders in a circle of links (such as " in caplog.text
    assert names(pics, files.load(f"{pics}/*/**/*.webp")) == ["deep/er/c.webp", "other/er/c.webp"]


def test_a_folder_of_archives_says_how_to_name_them(pics):
    shutil.rmtree(pics)
    with pytest.raises(InputError, match=r"1 archive, to be named by a pattern such as \*\.tar \(pics\.zip\)"):
        files.load(pics.parent)


def test_a_file_with_signs_of_patterns_in_its_name_is_meant_itself(pics):
    os.rename(pics, pics.with_name("pics [2]"))
    assert len(files.load(pics.with_name("pics [2]"))) == 3


@pytest.mark.parametrize("ending", ["txt", "csv", "list"])
def test_a_list_keeps_its_order(pics, ending):
    header = "name;Path\n" if ending == "csv" else ""
    before = "x;" if ending == "csv" else ""
    rows = ("pics/deep/a.PNG", str(pics / "b.jpg"), "pics.zip/b.jpg", "https://host/x.jpg")
    file = pics.parent / f"all.{ending}"
    file.write_text(header + "".join(f"{before}{row}\n\n" for row in rows))
    found = files.load(file)
    assert found.name == "all"
    assert names(pics.parent, found) == ["pics/deep/a.PNG", "pics/b.jpg", "pics.zip/b.jpg", "https://host/x.jpg"]


def test_a_list_names_files_in_any_bytes(pics):
    name = os.fsdecode(b"caf\xe9.jpg")
    (pics / name).write_bytes(b"x")
    (pics / "all.txt").write_bytes(b"caf\xe9.jpg\r\n")
    assert files.load(pics / "all.txt").images == [str(pics / name)]


def test_a_list_in_an_archive_names_what_stands_beside_it(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as packing:
        packing.writestr("set/all.csv", "path\nb.jpg\n./a.jpg\n")
        packing.writestr("set/a.jpg", b"a")
        packing.writestr("set/b.jpg", b"b")
    found = files.load(f"{tmp_path}/x.zip/set/all.csv")
    assert [contents.read(path) for path in found.images] == [b"b", b"a"]


def test_what_a_list_names_and_is_not_there_is_said_with_its_line(pics):
    (pics / "all.txt").write_text("b.jpg\n\ngone.jpg\nfar/gone.jpg\n")
    with pytest.raises(InputError, match=r"all\.txt, line 3: .*/gone\.jpg is not there, nor are 1 more of 3 files"):
        files.load(pics / "all.txt")
    (pics / "all.txt").write_text("../pics.zip/b.jpg\n../pics.zip/gone.jpg\n")
    with pytest.raises(InputError, match=r"line 2: .*pics\.zip/gone\.jpg is not there: mend the list"):
        files.load(pics / "all.txt")


@pytest.mark.parametrize(("line", "what"), [("deep", "a folder"), ("../pics.zip", "an archive")])
def test_a_list_that_names_a_folder_or_an_archive_is_refused_with_its_line(pics, line, what):
    (pics / "all.txt").write_text(f"b.jpg\n{line}\n")
    with pytest.raises(InputError, match=rf"all\.txt, line 2: .*{line} is {what}; .* name {what} itself"):
        files.load(pics / "all.txt")


def test_addresses_that_nothing_here_reads_are_told_before_any_is_asked_for(pics):
    pytest.importorskip("fsspec")
    (pics / "all.txt").write_text("b.jpg\nnobody://knows/a.jpg\n")
    with pytest.raises(InputError, match="nobody://knows/a.jpg cannot be opened: .*nobody"):
        files.load(pics / "all.txt")


def test_what_a_list_names_twice_is_taken_once_and_told(pics, caplog):
    (pics / "all.txt").write_text("b.jpg\ndeep/a.PNG\n./b.jpg\n")
    assert names(pics, files.load(pics / "all.txt")) == ["b.jpg", "deep/a.PNG"]
    assert "line 3: " in caplog.text and "stands in line 1 already" in caplog.text


@pytest.mark.parametrize(
    ("root", "message"),
    [
        (None, "needs images: name by --data-path a folder"),
        ("gone", "gone is not there"),
        ("https:/host/x.jpg", "is an address; put it, and others, into a text file"),
    ],
)
def test_what_is_not_there_is_said(root, message):
    with pytest.raises(InputError, match=message):
        files.load(root)


def test_an_empty_folder_and_boxes_are_said(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputError, match=r"holds no picture \(passed over 1 file of other kinds \(notes\.txt\)\)"):
        files.load(tmp_path)
    with pytest.raises(InputError, match="holds no picture"):
        files.load(tmp_path / "notes.txt")
    with pytest.raises(InputError, match="no boxes"):
        files.load(tmp_path, boxes=True)
