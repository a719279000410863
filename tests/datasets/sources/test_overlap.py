"""Overlap: what two parts share by content is found under any name, and told apart from what they share by design."""

import hashlib
import itertools
import os
import re
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from datasets.images.base import ImageSet
from datasets.sources import overlap as module
from datasets.sources.overlap import overlap


def file_set(folder, contents, *, train, query, gallery):
    """One-label set of files 0.jpg, 1.jpg, ... with these contents."""
    folder.mkdir(exist_ok=True)
    for row, content in enumerate(contents):
        (folder / f"{row}.jpg").write_bytes(content)
    paths = [str(folder / f"{row}.jpg") for row in range(len(contents))]
    split = {"train": np.array(train, int), "query": np.array(query, int), "gallery": np.array(gallery, int)}
    return ImageSet("some", paths, np.zeros(len(paths), np.int64), ("a",), **split)


def by_pair(images):
    return {(pair.part, pair.other): pair for pair in overlap(images).shared}


def test_parts_that_share_nothing_say_so(tmp_path):
    images = file_set(tmp_path, [b"a", b"b", b"c", b"dd"], train=[0], query=[1], gallery=[2, 3])
    found = overlap(images)
    assert str(found) == "query, train and gallery share no image by content" and not found.leaks


def test_a_query_in_the_gallery_under_two_names_is_a_leak(tmp_path):
    images = file_set(tmp_path, [b"a", b"bird", b"bird", b"cat", b"fish"], train=[0], query=[1, 4], gallery=[2, 3])
    found = overlap(images)
    first, second = images.images[1], images.images[2]
    assert found.lines() == [
        f"1 of 2 queries has a copy under another name in the gallery, such as {first} and {second}"
    ]
    assert [(leak.part, leak.other, leak.copies) for leak in found.leaks] == [("query", "gallery", 1)]
    assert found.leaks[0].example == (first, second)


def test_what_the_split_deals_out_twice_is_no_leak(tmp_path):
    images = file_set(tmp_path, [b"a", b"b", b"c", b"d"], train=[0, 1], query=[3], gallery=[0, 1, 2])
    found = overlap(images)
    assert not found.leaks
    assert found.lines() == [
        "all 2 training images are in the gallery by the set's split",
        "no other image is in two of query, train and gallery by content",
    ]
    alone = file_set(tmp_path, [b"a", b"b", b"c", b"d"], train=[0], query=[1, 2, 3], gallery=[1, 2, 3])
    assert not overlap(alone).leaks
    assert overlap(alone).lines()[0] == "all 3 queries are in the gallery by the set's split, and none finds itself"


def test_queries_that_train_or_that_some_of_are_searched_are_leaks(tmp_path):
    images = file_set(tmp_path, [b"a", b"b", b"c", b"d"], train=[0, 1], query=[1, 2], gallery=[2, 3])
    found = overlap(images)
    assert [(leak.part, leak.other, leak.same) for leak in found.leaks] == [
        ("query", "gallery", 1),
        ("query", "train", 1),
    ]
    assert "1 of 2 queries is in the train part by the set's split" in found.lines()


def test_copies_within_leave_one_out_are_found(tmp_path):
    images = file_set(tmp_path, [b"x", b"y", b"a", b"a", b"b"], train=[0, 1], query=[2, 3, 4], gallery=[2, 3, 4])
    pair = by_pair(images)["query", "gallery"]
    assert (pair.same, pair.copies) == (3, 2) and pair.example == (images.images[2], images.images[3])


def test_one_file_in_two_rows_is_one_image(tmp_path):
    images = file_set(tmp_path, [b"a", b"b", b"c"], train=[0], query=[1], gallery=[2])
    paths = [*images.images, images.images[1]]
    twice = ImageSet("x", paths, np.zeros(4, np.int64), ("a",), np.array([0]), np.array([1]), np.array([2, 3]))
    pair = by_pair(twice)["query", "gallery"]
    assert (pair.same, pair.copies, pair.example) == (1, 0, None)


def test_rows_of_arrays_are_compared(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (6, 4, 4, 3), dtype=np.uint8)
    pixels[5] = pixels[1]
    images = ImageSet(
        "drawn", pixels, np.zeros(6, np.int64), ("a",), np.array([0, 1]), np.array([2, 3]), np.array([4, 5])
    )
    assert overlap(images).lines() == [
        "1 of 2 training images has a copy under another name in the gallery, such as drawn[1] and drawn[5]"
    ]


def test_against_all_pairs(tmp_path):
    rng = np.random.default_rng(0)
    for case in range(30):
        contents = [bytes(rng.integers(0, 2, rng.integers(1, 4)).astype(np.uint8)) for _ in range(12)]
        parts = {part: rng.permutation(12)[: rng.integers(0, 9)] for part in ("train", "query", "gallery")}
        images = file_set(tmp_path / str(case), contents, **parts)
        found = by_pair(images)
        digests = [hashlib.sha256(content).digest() for content in contents]
        for part, other in module.PAIRS:
            copied = [
                one for one in parts[part] if any(one != two and digests[one] == digests[two] for two in parts[other])
            ]
            pair = found[part, other]
            assert (pair.images, pair.copies) == (len(parts[part]), len(copied))
            assert pair.same == len(set(parts[part]) & set(parts[other]))
            if copied:
                one, two = (int(re.search(r"(\d+)\.jpg", name)[1]) for name in pair.example)
                assert one in copied and two in parts[other] and one != two and digests[one] == digests[two]


def test_only_files_of_equal_size_are_read(tmp_path, monkeypatch):
    written = [b"1", b"22", b"333", b"444", b"55555", b"22222"]
    images = file_set(tmp_path, written, train=[0, 1], query=[2, 4], gallery=[0, 1, 3, 5])
    read, whole = [], module.contents.read
    monkeypatch.setattr(module.contents, "read", lambda path: read.append(os.path.basename(path)) or whole(path))
    assert not overlap(images).leaks
    assert sorted(read) == ["2.jpg", "3.jpg", "4.jpg", "5.jpg"]


def test_many_chunks_come_back_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_CHUNK", 3)
    contents = [f"{row % 40:03d}".encode() for row in range(80)]
    images = file_set(tmp_path, contents, train=[], query=range(40), gallery=range(40, 80))
    pair = by_pair(images)["query", "gallery"]
    assert pair.copies == 40 and pair.example == (images.images[0], images.images[40])


@pytest.mark.parametrize("how", ["missing", "folder"])
def test_a_file_that_cannot_be_read_shares_nothing(tmp_path, how):
    images = file_set(tmp_path, [b"a", b"b", b"c"], train=[0], query=[1], gallery=[2])
    path = tmp_path / "1.jpg"
    path.unlink()
    if how == "folder":
        path.mkdir()
    for other in (0, 2):  # as large as a folder, so that it is opened
        (tmp_path / f"{other}.jpg").write_bytes(b"x" * (path.stat().st_size if how == "folder" else 1))
    found = overlap(images)
    first, second = images.images[0], images.images[2]
    assert found.lines() == [
        f"1 of 1 training images has a copy under another name in the gallery, such as {first} and {second}"
    ]


def test_images_in_archives_are_compared_as_plain_ones_and_addresses_are_not_asked_for(tmp_path):
    images = file_set(tmp_path, [b"a", b"bird", b"bi", b"cat"], train=[0], query=[1], gallery=[2, 3])
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as packing:
        packing.writestr("copy.jpg", b"bird")
        packing.writestr("other.jpg", b"bard")
    paths = [*images.images[:2], f"{tmp_path}/x.zip/copy.jpg", "http://127.0.0.1:1/x.jpg"]
    (leak,) = overlap(replace(images, images=paths)).leaks
    assert leak.example == (paths[1], paths[2]) and leak.copies == 1
    assert not overlap(replace(images, images=[*paths[:2], f"{tmp_path}/x.zip/other.jpg", paths[3]])).leaks


def test_images_in_no_part_are_not_asked_for(tmp_path):
    images = file_set(tmp_path, [b"a", b"b", b"c", b"d"], train=[0], query=[1], gallery=[2])
    (tmp_path / "3.jpg").unlink()
    assert not overlap(images).leaks


def test_numbers_are_written_with_commas():
    names = itertools.repeat("x.jpg", 2)
    pair = module.Shared("query", "train", images=5_000, same=1_200, copies=1_300, example=tuple(names))
    assert pair.lines() == [
        "1,200 of 5,000 queries are in the train part by the set's split",
        "1,300 of 5,000 queries have a copy under another name in the train part, such as x.jpg and x.jpg",
    ]
