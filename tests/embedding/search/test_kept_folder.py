"""Galleries of folders: embedded once, changed files alone anew, whatever stands in the place."""

import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images.pixels import Unreadable
from embedding.search import folder
from embedding.search.folder import Place


class Embeds:
    """Vectors that tell a file's first byte, and what was asked for; a file of nothing cannot be read."""

    def __init__(self):
        self.asked = []

    def __call__(self, images, rows, skipped, file):
        made = []
        for row in rows:
            name = images.images[row]
            self.asked.append(Path(name).name)
            data = Path(name).read_bytes() if ".zip/" not in name else b"z"
            if not data:
                skipped.add(Unreadable(name, "is empty"))
            made.append([float(data[0]), 1.0] if data else [np.nan, np.nan])
        return np.array(made, np.float32)


def place(root: Path) -> Place:
    return Place(root.name, str(root), sorted(str(path) for path in root.iterdir()))


@pytest.fixture
def photos(tmp_path):
    root = tmp_path / "photos"
    root.mkdir()
    for name in "abc":
        (root / f"{name}.jpg").write_text(name)
    return root


def test_changed_new_and_gone_files(photos, tmp_path):
    embed, kept = Embeds(), tmp_path / "kept"
    first = folder.gallery_of(place(photos), kept, embed, network="n")
    assert embed.asked == ["a.jpg", "b.jpg", "c.jpg"] and first.vectors[:, 0].tolist() == [97, 98, 99]
    embed.asked = []
    (photos / "b.jpg").write_text("xy")
    (photos / "a.jpg").unlink()
    (photos / "d.jpg").write_text("d")
    second = folder.gallery_of(place(photos), kept, embed, network="n")
    assert embed.asked == ["b.jpg", "d.jpg"] and second.vectors[:, 0].tolist() == [ord("x"), 99, 100]
    assert [Path(path).name for path in second.paths] == ["b.jpg", "c.jpg", "d.jpg"]
    assert len(list(kept.glob("*.h5"))) == 1


def test_another_network_or_another_place_is_embedded_whole(photos, tmp_path):
    embed, kept = Embeds(), tmp_path / "kept"
    folder.gallery_of(place(photos), kept, embed, network="n")
    folder.gallery_of(place(photos), kept, embed, network="m")
    assert len(embed.asked) == 6
    other = tmp_path / "elsewhere" / "photos"
    other.mkdir(parents=True)
    (other / "a.jpg").write_text("other")
    assert len(folder.gallery_of(place(other), kept, embed, network="n")) == 1
    assert len(list(kept.glob("*.h5"))) == 3  # each stays


def test_a_place_that_moved_is_known_again(photos, tmp_path):
    embed, kept = Embeds(), tmp_path / "kept"
    first = folder.gallery_of(place(photos), kept, embed, network="n")
    moved = tmp_path / "new" / "photos"
    shutil.copytree(photos, moved, copy_function=shutil.copy2)
    embed.asked = []
    again = folder.gallery_of(place(moved), kept, embed, network="n")
    assert not embed.asked and again.file == first.file and again.paths[0] == str(moved / "a.jpg")


def test_what_cannot_be_read_is_tried_again_when_something_changes(photos, tmp_path, caplog):
    embed, kept = Embeds(), tmp_path / "kept"
    (photos / "e.jpg").touch()
    found = folder.gallery_of(place(photos), kept, embed, network="n")
    assert len(found) == 3 and "e.jpg (is empty)" in caplog.text
    embed.asked = []
    (photos / "f.jpg").write_text("f")
    assert len(folder.gallery_of(place(photos), kept, embed, network="n")) == 4
    assert embed.asked == ["e.jpg", "f.jpg"]
    with pytest.raises(InputError, match="--max-bad=0 allows 0"):
        folder.gallery_of(place(photos), kept, embed, network="n", max_bad=0)


def test_pictures_in_an_archive_and_at_addresses(tmp_path):
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as packed:
        packed.writestr("a.jpg", "a")
    root = str(tmp_path / "p.zip")
    embed = Embeds()
    inside = Place("p", root, [f"{root}/a.jpg"])
    for _ in range(2):
        assert len(folder.gallery_of(inside, tmp_path / "kept", embed, network="n")) == 1
    assert len(embed.asked) == 1
    assert Place("x", str(tmp_path), ["https://x.org/a.jpg"]).states() == [["https://x.org/a.jpg", 0, 0]]


def test_half_of_what_was_kept_is_made_anew(photos, tmp_path):
    embed, kept = Embeds(), tmp_path / "kept"
    first = folder.gallery_of(place(photos), kept, embed, network="n")
    first.file.unlink()
    (photos / "d.jpg").write_text("d")
    embed.asked = []
    assert len(folder.gallery_of(place(photos), kept, embed, network="n")) == 4 and len(embed.asked) == 4


def test_a_part_of_a_folder_leaves_what_is_kept_of_the_whole(photos, tmp_path):
    embed, kept = Embeds(), tmp_path / "kept"
    folder.gallery_of(place(photos), kept, embed, network="n")
    some = replace(place(photos), paths=[str(photos / "b.jpg")])
    embed.asked = []
    assert len(folder.gallery_of(some, kept, embed, network="n")) == 1
    assert len(folder.gallery_of(place(photos), kept, embed, network="n")) == 3
    assert not embed.asked
    (photos / "d.jpg").write_text("d")  # what has most of it is gone on from
    assert len(folder.gallery_of(place(photos), kept, embed, network="n")) == 4
    assert embed.asked == ["d.jpg"]
    assert len(list(kept.glob("*.h5"))) == 2
