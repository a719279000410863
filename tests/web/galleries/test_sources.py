"""Galleries of an archive, of a list and of a vectors file."""

import shutil
import zipfile

import numpy as np
import pytest
from django.urls import reverse

from datasets.errors import InputError
from datasets.stored import vectors_file
from datasets.vectors.base import VectorSet
from web.galleries import adding, served
from web.galleries.models import Job, Picture
from web.galleries.sources import base
from web.galleries.work import running
from web.serving import network


@pytest.fixture
def of(db, encoder, settings, tmp_path):
    """A gallery of a source, whose job has ended."""
    settings.DATA = tmp_path / "web"

    def made(source):
        gallery = adding.add("", str(source), encoder)
        running.run(gallery.jobs.get().pk)
        gallery.refresh_from_db()
        return gallery

    return made


def test_an_archive(of, photos, tmp_path, browser):
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as packed:
        for file in sorted(photos.rglob("*.jpg")):
            packed.write(file, file.relative_to(photos))
        packed.writestr("../outside.jpg", (photos / "red/0.jpg").read_bytes())
    gallery = of(tmp_path / "photos.zip")
    assert gallery.pictures.get(path="red/0.jpg").category == "red" and len(served.of_gallery(gallery).snapshot) >= 24
    assert browser.get(gallery.pictures.first().thumbnail).status_code == 200


def test_a_list_whose_missing_files_are_told(of, photos, tmp_path):
    lines = [
        "path,label",
        "photos/red/0.jpg,warm",
        f"{photos}/blue/0.jpg,cold",
        "photos/gone.jpg,",
        "photos/red/0.jpg,x",
    ]
    (tmp_path / "list.csv").write_text("\n".join(lines))
    gallery = of(tmp_path / "list.csv")
    assert dict(gallery.pictures.values_list("path", "category")) == {
        "photos/red/0.jpg": "warm", f"{photos}/blue/0.jpg": "cold", "photos/gone.jpg": ""
    }  # fmt: skip
    gone = gallery.pictures.get(path="photos/gone.jpg")
    assert gone.state == Picture.State.UNREADABLE and "No such file" in gone.reason
    assert "2 new, 1 unreadable, passed over 1 line" in gallery.jobs.get().message


def test_a_missing_file_of_a_list_that_comes_is_embedded(of, photos, tmp_path, refresh):
    (tmp_path / "list.txt").write_text("photos/red/0.jpg\nphotos/new.jpg\n")
    gallery = of(tmp_path / "list.txt")
    shutil.copy(photos / "blue/0.jpg", photos / "new.jpg")
    refresh(gallery)
    assert len(served.of_gallery(gallery).snapshot) == 2


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("http://127.0.0.1/a.jpg", "is an address"),
        ("", "names no picture"),
        ("/etc/passwd", "can be read; its page tells why"),
    ],
)
def test_a_bad_list_fails_with_a_line(of, tmp_path, text, complaint):
    (tmp_path / "list.txt").write_text(text)
    gallery = of(tmp_path / "list.txt")
    assert gallery.jobs.get().state == Job.State.FAILED and complaint in gallery.jobs.get().message


def vectors_of(photos, encoder, path, *, paths=True, **attrs):
    files = sorted(photos.rglob("*.jpg"))
    opened = network.opened(encoder)
    rows = np.stack([opened.picture(file.read_bytes(), file.name) for file in files])
    names = tuple(map(str, files)) if paths else ()
    labels = np.array([["blue", "green", "red"].index(file.parent.name) for file in files])
    more = {"gallery_labels": labels, "class_names": ("blue", "green", "red"), "attrs": attrs}
    vectors_file.save(path, VectorSet("v", "euclidean", 3 * rows, rows[:0], gallery_paths=names, **more))
    return rows


def test_a_vectors_file_with_paths_embeds_nothing(of, photos, encoder, tmp_path, browser, monkeypatch):
    monkeypatch.setattr("web.galleries.work.pieces.make", None)
    rows = vectors_of(photos, encoder, tmp_path / "v.h5", network=network.opened(encoder).facts.network)
    (photos / "red/7.jpg").unlink()
    gallery = of(tmp_path / "v.h5")
    answers = served.of_gallery(gallery)
    np.testing.assert_allclose(answers.snapshot.vectors, rows, atol=1e-6)
    first = gallery.pictures.get(path=str(photos / "blue/0.jpg"))
    assert (first.category, first.width) == ("blue", 64)
    assert gallery.pictures.filter(state="there").count() == 24
    for picture in gallery.pictures.all():
        assert browser.get(reverse("galleries:thumbnail", args=[picture.pk])).status_code == 200


def test_a_vectors_file_without_paths_shows_grey_tiles(of, photos, encoder, tmp_path, browser):
    vectors_of(photos, encoder, tmp_path / "v.h5", paths=False)
    gallery = of(tmp_path / "v.h5")
    assert len(served.of_gallery(gallery).snapshot) == 24
    assert gallery.pictures.first().path == "row 0"
    assert browser.get(gallery.pictures.first().thumbnail)["ETag"] == '"grey"'


def test_vectors_of_another_network_are_not_taken(of, photos, encoder, tmp_path):
    vectors_of(photos, encoder, tmp_path / "v.h5", network="of another one")
    gallery = of(tmp_path / "v.h5")
    assert len(served.of_gallery(gallery).snapshot) == 24  # embedded, by the paths in it


def test_vectors_of_another_length_are_refused(of, tmp_path):
    rows = np.eye(5, dtype=np.float32)
    vectors_file.save(tmp_path / "v.h5", VectorSet("v", "euclidean", rows, rows[:0]))
    job = of(tmp_path / "v.h5").jobs.get()
    assert job.state == Job.State.FAILED and "5 numbers, the network makes 6 numbers" in job.message


@pytest.mark.parametrize("name", ["a b.jpg", "caf\udce9.jpg", r"back\xe9.jpg", "\\\\", "日本\n.jpg", "\\"])
def test_every_name_is_kept_as_text_and_found_again(name):
    assert base.named(base.kept(name)) == name and base.kept(name).encode()


def test_a_pipe_is_not_waited_for(of, photos, refresh):
    import os

    gallery = of(photos)
    (photos / "red/0.jpg").unlink()
    os.mkfifo(photos / "red/0.jpg")
    with pytest.raises(InputError):
        base.read(adding.opened.source(str(photos)), "red/0.jpg")
    assert refresh(gallery).state == Job.State.DONE
