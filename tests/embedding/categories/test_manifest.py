"""The manifest: a folder set reads it, its images are the right ones, and what is missing is left out and named."""

import csv
import os
import zipfile

import cv2
import numpy as np
import pytest

from datasets import images
from datasets.errors import InputError
from datasets.images import folder
from embedding.batches import decode
from embedding.categories.manifest import COLUMNS, check_images, labels, members, text, write_manifest
from embedding.categories.proposals import Proposals


def proposals(*clusters: int, known: tuple[int, ...] = ()) -> Proposals:
    found = np.array(clusters)
    count = found.max(initial=-1) + 1
    likeness = np.where(found >= 0, np.linspace(0.5, 0.9, len(found)), 0).astype(np.float32)
    marks = np.array(known) if known else np.full(len(found), -1)
    return Proposals(found, marks, np.linspace(0.9, 0.5, count), likeness)


def test_rows_of_a_built_in_set_become_files_that_hold_the_same_pixels(tmp_path):
    digits = images.get("digits").load(None)
    names = tuple(digits.image_name(row) for row in range(10, 20))
    found = proposals(0, 1, 1, -1, 0, 2, 2, -1, 1, -1, known=(-1,) * 9 + (3,))
    manifest = write_manifest(tmp_path / "out", found, names, test_share=0)
    assert not manifest.missing and manifest.labels == {"new-001", "new-002", "new-003"}
    loaded = folder.load(tmp_path / "out" / "manifest.csv")
    assert loaded.class_names == ("new-001", "new-002", "new-003")
    assert loaded.labels.tolist() == [0, 0, 1, 1, 1, 2, 2]
    assert loaded.train.tolist() == list(range(7)) and not len(loaded.query)
    for row, source in enumerate([14, 10, 18, 12, 11, 16, 15]):  # the most alike first
        np.testing.assert_array_equal(decode.read(loaded, row), digits.images[source])


def test_files_are_named_where_they_are(tmp_path, monkeypatch):
    (tmp_path / "pictures").mkdir()
    for i in range(4):
        cv2.imwrite(str(tmp_path / "pictures" / f"{i}, ü.png"), np.full((5, 6, 3), 50 * i, np.uint8))
    monkeypatch.chdir(tmp_path)
    names = tuple(f"pictures/{i}, ü.png" for i in range(4))
    write_manifest(tmp_path / "a" / "b", proposals(0, 1, 0, 1), names, test_share=0.5)
    monkeypatch.chdir("/")
    loaded = folder.load(tmp_path / "a" / "b" / "manifest.csv")
    assert sorted(loaded.images) == [str(tmp_path / name) for name in names]
    assert loaded.labels[loaded.train].tolist() == [0, 0] and loaded.labels[loaded.query].tolist() == [1, 1]
    assert not (tmp_path / "a" / "b" / "images").exists()


def test_columns_and_shares(tmp_path):
    clusters = np.repeat(np.arange(10), 2)
    names = tuple(f"digits[{row}]" for row in range(20))
    manifest = write_manifest(tmp_path, proposals(*clusters), names, min_confidence=0.6, test_share=0.25)
    with (tmp_path / "manifest.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    assert tuple(rows[0]) == COLUMNS and [tuple(row.values()) for row in rows] == manifest.lines
    assert (tmp_path / "manifest.csv").read_text() == text(manifest.lines)
    assert min(float(row["confidence"]) for row in rows) >= 0.6 and len(manifest.labels) == 7
    splits = {row["label"]: row["split"] for row in rows}
    assert [label for label, split in splits.items() if split == "test"] == ["new-004"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["images", "manifest.csv"]


def test_names_sort_in_the_order_of_confidence():
    found = proposals(*np.arange(1200))
    assert labels(found) == sorted(labels(found)) and labels(found)[-1] == "new-1200"
    assert labels(proposals(0, 1))[1] == "new-002" and labels(proposals(-1)) == []
    assert members(proposals(0, 1, 0, -1, 0), 0).tolist() == [4, 2, 0]


def test_images_that_are_not_there(tmp_path):
    odd = os.fsdecode(b"\xff.png")
    (tmp_path / "line\nbreak.png").touch()
    names = ("digits[1]", "gone.jpg", "digits[2]", str(tmp_path / odd), str(tmp_path / "line\nbreak.png"), "a\0b")
    (tmp_path / odd).touch()
    manifest = write_manifest(tmp_path, proposals(0, 0, 0, 0, 0, 0), names)
    assert len(manifest.lines) == 2 and set(manifest.missing) == set(names) - {"digits[1]", "digits[2]"}
    assert len(folder.load(tmp_path / "manifest.csv")) == 2
    check_images(names)
    with pytest.raises(InputError, match="call from where their paths start"):
        check_images(("gone.jpg", "away.jpg", "digits[99999]"))


def test_nothing_proposed_and_nowhere_to_write(tmp_path):
    assert write_manifest(tmp_path, proposals(-1, -1), ("a", "b")).lines == []
    assert (tmp_path / "manifest.csv").read_text() == ",".join(COLUMNS) + "\n"
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file: the manifest cannot be written"):
        write_manifest(tmp_path / "file", proposals(0, 0), ("digits[1]", "digits[2]"))


def test_files_in_archives_and_behind_addresses_are_named_as_they_are(tmp_path, monkeypatch):
    encoded = cv2.imencode(".png", np.full((5, 6, 3), 50, np.uint8))[1].tobytes()
    with zipfile.ZipFile(tmp_path / "pets.zip", "w") as packing:
        packing.writestr("a.png", encoded)
    monkeypatch.chdir(tmp_path)
    names = ("pets.zip/a.png", "https://host/b.png", "pets.zip/gone.png")
    check_images(names)
    manifest = write_manifest(tmp_path / "out", proposals(0, 0, 0), names, test_share=0)
    assert manifest.missing == ["pets.zip/gone.png"]
    assert sorted(folder.load(tmp_path / "out" / "manifest.csv").images) == [
        f"{tmp_path}/pets.zip/a.png",
        "https://host/b.png",
    ]
    assert not (tmp_path / "out" / "images").exists()
