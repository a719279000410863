"""Adding and refreshing: what is new, changed, moved or gone is found by content, and only that is embedded."""

import os
import shutil

import numpy as np
import pytest
from PIL import Image

from datasets.errors import InputError
from web.galleries import adding, served, shown
from web.galleries.models import Job, Picture
from web.galleries.work import embed, pieces
from web.serving import network
from web.serving.network import Spec


@pytest.fixture
def embedded(monkeypatch):
    """How many pictures each embedding was asked for."""
    counts, make = [], pieces.make

    def counting(folder, net, wanted, look, **more):
        counts.append(len(wanted))
        make(folder, net, wanted, look, **more)

    monkeypatch.setattr(embed.pieces, "make", counting)
    return counts


def found(gallery, path):
    """The vector that the gallery's snapshot has of a picture."""
    answers = served.of_gallery(gallery)
    row = answers.snapshot.rows(np.array([gallery.pictures.get(path=path).pk]))[0]
    return None if row < 0 else answers.snapshot.vectors[row]


def test_it_works(added, photos, encoder):
    assert added.slug == "my-photos" and added.jobs.get().state == Job.State.DONE
    assert added.pictures.count() == 24 and added.active.state == "ready"
    picture = added.pictures.get(path="red/0.jpg")
    assert (picture.category, picture.width, picture.height) == ("red", 64, 64) and picture.taken is not None
    data = (photos / "red/0.jpg").read_bytes()
    assert found(added, "red/0.jpg") @ network.opened(encoder).picture(data, "0") > 0.999


def test_nothing_new_writes_no_snapshot(added, refresh, embedded):
    assert refresh(added).message == "24 unchanged"
    assert added.active.snapshot == 1 and not embedded


def test_only_what_is_new_is_embedded(added, photos, refresh, embedded):
    (photos / "red/0.jpg").rename(photos / "red/new name.jpg")
    shutil.copy(photos / "red/1.jpg", photos / "blue/copy.jpg")
    (photos / "green/0.jpg").unlink()
    shutil.copy(photos / "green/1.jpg", photos / "green/2.jpg")  # another picture in its place
    with (photos / "blue/0.jpg").open("ab") as file:
        file.write(b"more behind its end")
    number = added.pictures.get(path="red/0.jpg").pk
    line = refresh(added).message
    assert line == "1 new, 2 changed, 1 moved, 1 vanished, 20 unchanged" and embedded == [1]
    assert added.pictures.get(path="red/new name.jpg").pk == number
    assert added.pictures.get(path="green/0.jpg").state == Picture.State.VANISHED
    assert found(added, "green/0.jpg") is None and len(served.of_gallery(added).snapshot) == 24
    np.testing.assert_array_equal(found(added, "green/2.jpg"), found(added, "green/1.jpg"))


def test_a_picture_that_comes_back_is_itself_again(added, photos, refresh, embedded):
    kept = added.pictures.get(path="red/0.jpg")
    kept.label = "sunset"
    kept.save()
    data = (photos / "red/0.jpg").read_bytes()
    (photos / "red/0.jpg").unlink()
    refresh(added)
    (photos / "elsewhere.jpg").write_bytes(data)
    assert refresh(added).message == "1 moved, 23 unchanged"
    assert added.pictures.get(path="elsewhere.jpg").pk == kept.pk
    assert added.pictures.get(path="elsewhere.jpg").called == "sunset"


def test_two_that_change_places_keep_what_was_said_of_them(added, photos, refresh):
    first, second = photos / "red/0.jpg", photos / "blue/0.jpg"
    before = {path: added.pictures.get(path=path).pk for path in ("red/0.jpg", "blue/0.jpg")}
    first.rename(photos / "x.jpg"), second.rename(first), (photos / "x.jpg").rename(second)
    os.utime(first, ns=(1, 1)), os.utime(second, ns=(2, 2))
    assert refresh(added).message == "2 moved, 22 unchanged"
    assert added.pictures.get(path="red/0.jpg").pk == before["blue/0.jpg"]


def test_what_cannot_be_read_is_told_and_in_no_snapshot(added, photos, refresh):
    (photos / "red/broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    (photos / "red/empty.png").touch()
    refresh(added)
    broken = added.pictures.get(path="red/broken.jpg")
    assert broken.state == Picture.State.UNREADABLE and "damaged" in broken.reason
    assert added.pictures.get(path="red/empty.png").reason == "is empty"
    assert found(added, "red/broken.jpg") is None
    assert refresh(added).message == "2 unreadable, 26 unchanged"


def test_links_out_of_the_folder_are_passed_over(added, photos, refresh, tmp_path):
    shutil.copy(photos / "red/0.jpg", tmp_path / "secret.jpg")
    (photos / "red/link.jpg").symlink_to(tmp_path / "secret.jpg")
    (tmp_path / "other").mkdir()
    shutil.copy(photos / "red/0.jpg", tmp_path / "other/secret.jpg")
    (photos / "outside").symlink_to(tmp_path / "other")
    (photos / "red/inside.jpg").symlink_to(photos / "blue/0.jpg")
    line = refresh(added).message
    assert "2 links out of the folder" in line and line.startswith("1 new, 24 unchanged")
    assert not added.pictures.filter(path__contains="secret").exists()


def test_names_may_be_of_any_bytes(added, photos, refresh):
    for name in (b"caf\xe9.jpg", b"new\nline.jpg", b"<b>'\".jpg", b"back\\xe9.jpg", "日本.jpg".encode()):
        shutil.copy(photos / "red/0.jpg", os.path.join(os.fsencode(photos), name))
    assert refresh(added).message == "5 new, 24 unchanged"
    assert refresh(added).message == "29 unchanged"
    assert {r"caf\xe9.jpg", r"back\\xe9.jpg"} <= set(added.pictures.values_list("path", flat=True))


def test_another_network_in_its_place_embeds_all_anew(added, encoder, refresh, embedded):
    version = added.active
    version.fingerprint = "of another one"
    version.save()
    refresh(added)
    assert embedded == [24] and added.active.snapshot == 2


def test_old_snapshots_go(added, photos, refresh):
    for number in range(3):
        shutil.copy(photos / "red/0.jpg", photos / f"{number}.jpg")
        refresh(added)
    left = sorted(path.name for path in added.active.folder.iterdir())
    assert left == ["contents-3.npy", "contents-4.npy", "snapshot-3", "snapshot-4"]


@pytest.mark.parametrize("source, complaint", [("", "needs a source"), ("/nowhere", "is not there")])
def test_a_source_that_is_not_there_is_refused(db, encoder, source, complaint):
    with pytest.raises(InputError, match=complaint):
        adding.add("x", source, encoder)


def test_a_network_that_is_not_there_is_refused(db, photos):
    with pytest.raises(InputError):
        adding.add("x", str(photos), Spec("onnx", path="/nowhere.onnx"))


def test_an_empty_folder_fails_with_a_line_and_goes_on_when_filled(db, encoder, settings, tmp_path, photos, refresh):
    settings.DATA, empty = tmp_path / "web", tmp_path / "empty"
    empty.mkdir()
    gallery = adding.add("", str(empty), encoder)
    job = refresh(gallery)
    assert job.state == Job.State.FAILED and "holds no picture" in job.message
    shutil.copy(photos / "red/0.jpg", empty)
    assert refresh(gallery).state == Job.State.DONE


def test_two_galleries_of_one_name_have_two_addresses(added, photos, encoder):
    assert adding.add("My photos", str(photos), encoder).slug == "my-photos-2"


def test_files_that_change_or_vanish_while_they_are_embedded(added, photos, refresh, monkeypatch):
    make, changes = pieces.make, [lambda: shutil.copy(photos / "blue/0.jpg", photos / "red/new.jpg"), None]
    data = (photos / "green/3.jpg").read_bytes()
    (photos / "red/new.jpg").write_bytes((photos / "red/0.jpg").read_bytes() + b"1")
    (photos / "red/going.jpg").write_bytes((photos / "red/0.jpg").read_bytes() + b"2")

    def changing(*words, **more):
        if changes.pop(0):
            (photos / "red/new.jpg").write_bytes(data + b"3")
            (photos / "red/going.jpg").unlink()
        make(*words, **more)

    monkeypatch.setattr(embed.pieces, "make", changing)
    assert refresh(added).state == Job.State.DONE
    assert added.pictures.get(path="red/going.jpg").state == Picture.State.VANISHED
    np.testing.assert_allclose(found(added, "red/new.jpg"), found(added, "green/3.jpg"), atol=1e-5)


def test_a_full_disk_fails_with_a_line_and_goes_on(added, photos, refresh, monkeypatch):
    def full(*words, **more):
        raise OSError(28, "No space left on device")

    shutil.copy(photos / "red/0.jpg", photos / "red/new.jpg")
    with monkeypatch.context() as patched:
        patched.setattr("web.serving.snapshot.write", full)
        job = refresh(added)
    assert job.state == Job.State.FAILED and "make room" in job.message
    assert len(served.of_gallery(added).snapshot) == 24  # as before
    assert refresh(added).state == Job.State.DONE and len(served.of_gallery(added).snapshot) == 25


@pytest.mark.parametrize("when", [10**12, 253_402_300_800])
def test_a_file_of_a_time_that_no_calendar_has_is_embedded_all_the_same(added, photos, refresh, when):
    from web.galleries.models import written_at

    try:
        os.utime(photos / "red/0.jpg", (when, when))
    except OSError:
        pytest.skip("this file system keeps no such time")
    assert refresh(added).state == Job.State.DONE
    picture = added.pictures.get(path="red/0.jpg")
    assert picture.state == Picture.State.THERE and picture.taken is None is written_at(when * 10**9)
    assert refresh(added).message == "24 unchanged"


@pytest.mark.parametrize("said", ["9999:12:31 23:59:59", "0001:01:01 00:00:00"])
def test_a_day_that_some_zone_cannot_show_is_no_date(added, photos, refresh, said):
    exif = Image.Exif()
    exif[306] = said
    with Image.open(photos / "red/0.jpg") as picture:
        picture.save(photos / "red/0.jpg", exif=exif)
    refresh(added)
    taken = added.pictures.get(path="red/0.jpg")
    assert taken.taken_by == "file" and taken.taken.year > 2000


def test_what_was_kept_of_pictures_that_are_gone_goes_too(added, photos, refresh):
    rows = list(added.pictures.filter(path__in=["red/0.jpg", "red/1.jpg"]))
    for row in rows:
        shown.show(added, row, shown.SMALL)

    def small():
        return {int(file.name.partition("-")[0]) for file in (added.folder / "small").rglob("*.jpg")}

    assert small() == {row.pk for row in rows}
    (photos / "red/0.jpg").unlink()
    refresh(added)
    assert small() == {added.pictures.get(path="red/1.jpg").pk}
