"""The command of galleries, as scripts/gallery.py calls it."""

import io

import pytest
from django.core.management import call_command

from datasets.errors import InputError
from datasets.images import folder
from datasets.stored import vectors_file
from web.galleries.exported import labelled
from web.galleries.models import Gallery
from web.search import tags


def call(action, **words):
    out = io.StringIO()
    call_command("gallery", action, stdout=out, **words)
    return out.getvalue()


@pytest.fixture
def own(db, photos, encoder, settings, tmp_path):
    """A gallery that the command has added."""
    settings.DATA = tmp_path / "web"
    told = call("add", name="Mine", images=str(photos), model=encoder.path)
    assert "mine: done 24 new" in told
    return Gallery.objects.get()


def test_it_works(own, photos):
    assert call("list") == f"mine  24 pictures  {photos}  encoder.onnx\n"
    (photos / "red/0.jpg").unlink()
    assert "1 vanished, 23 unchanged" in call("refresh", gallery="mine")
    assert "removed" in call("remove", gallery="mine")
    assert not Gallery.objects.exists() and (photos / "red/1.jpg").exists()


def test_none_is_told(db):
    assert "there is no gallery" in call("list")


def test_what_cannot_be_read_is_counted(own, photos):
    (photos / "red/0.jpg").write_bytes(b"no picture")
    assert "1 changed, 1 unreadable, 23 unchanged" in call("refresh", gallery="mine")


def test_once_adds_it_once(own, photos, encoder):
    assert call("add", images=str(photos), model=encoder.path, once=True) == ""
    assert Gallery.objects.count() == 1


def test_a_table_and_vectors_are_exported(own, tmp_path, photos):
    call("export", gallery="mine", out=str(tmp_path / "mine.csv"))
    lines = (tmp_path / "mine.csv").read_text().splitlines()
    assert len(lines) == 25 and lines[0].startswith("label,path,split")
    assert lines[1].startswith(f"blue,{photos}/blue/0.jpg,train")
    read = folder.load(tmp_path / "mine.csv")
    assert len(read) == 24 and len(read.train) == 21 and read.class_names == ("blue", "green", "red")
    call("export", gallery="mine", out=str(tmp_path / "mine.h5"))
    found = vectors_file.load(tmp_path / "mine.h5")
    assert found.gallery.shape == (24, 6) and found.class_names == ("blue", "green", "red")


def test_the_table_is_that_of_the_page_and_says_what_it_leaves_out(own, tmp_path, photos):
    first, second, third = own.pictures.all()[:3]
    tags.add(third, "=best")
    own.pictures.filter(pk=first.pk).update(label="-")
    (photos / second.path).unlink()
    told = call("export", gallery="mine", out=str(tmp_path / "mine.csv"))
    assert (
        told.startswith("22 pictures: ") and "1 without a class" in told and "1 with a class whose file is gone" in told
    )
    found, _ = labelled.labelled(own)
    table = (tmp_path / "mine.csv").read_text()
    assert table == "".join(labelled.csv(found, labelled.testing(found))) and ",'=best\n" in table


def test_a_table_of_nothing_is_refused_in_one_line(own, tmp_path):
    own.pictures.update(label="-")
    with pytest.raises(InputError, match="no picture has a class"):
        call("export", gallery="mine", out=str(tmp_path / "mine.csv"))
    assert not (tmp_path / "mine.csv").exists()


@pytest.mark.parametrize(
    "action, words, complaint",
    [
        ("refresh", {"gallery": "nothing"}, "there is no such gallery; there are mine"),
        ("remove", {"gallery": ""}, "there is no such gallery"),
        ("export", {"gallery": "mine", "out": "mine.txt"}, "name one of these"),
        ("export", {"gallery": "mine", "out": "/proc/nothing/mine.csv"}, "cannot be written"),
        ("add", {}, "is there already, as gallery mine: refresh that, or give another name"),
        ("add", {"images": "/nowhere", "model": "x.onnx"}, "is not there"),
    ],
)
def test_a_mistake_is_one_line(own, photos, encoder, action, words, complaint):
    if (action, words) == ("add", {}):
        words = {"images": str(photos), "model": encoder.path}
    with pytest.raises(InputError, match=complaint):
        call(action, **words)
