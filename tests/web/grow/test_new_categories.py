"""New categories join a gallery, by what people say or with new pictures; what is embedded already stays so."""

import shutil

import pytest

from web.annotate import labels
from web.annotate.rows import mined
from web.galleries import adding, served
from web.galleries.work import jobs, pieces, running
from web.grow import upgrade, versions
from web.search.answer import answer
from web.search.question import Filter, Part, Question


@pytest.fixture
def added(db, photos, encoder, settings, tmp_path, do):
    """A gallery that was added as people add one."""
    settings.DATA = tmp_path / "web"
    made = adding.add("My photos", str(photos), encoder)
    do(made.jobs.get())
    made.refresh_from_db()
    return made


@pytest.fixture
def embedded(monkeypatch):
    """How many pictures are embedded, a number each time that some are."""
    counts, make = [], pieces.make

    def counted(folder, network, wanted, *more, **how):
        counts.append(len(wanted))
        make(folder, network, wanted, *more, **how)

    monkeypatch.setattr(pieces, "make", counted)
    return counts


def found(gallery, name):
    asked = Question([Part("picture", gallery.pictures.first().pk)], Filter(categories=(name,)))
    return {hit.picture for hit in answer(gallery, asked).hits}


def test_a_category_that_people_name_is_known_at_once_and_nothing_is_embedded(added, user, embedded):
    chosen = list(added.pictures.filter(category="red")[:3])
    before = served.of_gallery(added).snapshot.folder
    assert found(added, "crimson") == set()
    labels.assign(added, user, "crimson", {one.pk: one.revision for one in chosen})
    assert found(added, "crimson") == {one.pk for one in chosen}
    others = list(added.pictures.filter(category="blue")[:4])
    labels.assign(added, user, "navy", {one.pk: one.revision for one in others})
    names, known = mined._known(added, served.of_gallery(added).snapshot, "unsorted")
    assert list(names) == ["crimson", "navy"] and len(known.rows) == 7
    assert embedded == [] and served.of_gallery(added).snapshot.folder == before


def test_of_new_pictures_of_a_new_category_these_alone_are_embedded(added, photos, drawn, embedded, do):
    for number, path in enumerate(sorted((drawn / "green").glob("*.jpg"))[:3]):
        (photos / "lime").mkdir(exist_ok=True)
        data = path.read_bytes()
        (photos / "lime" / f"{number}.jpg").write_bytes(data + b"another file of the same looks")
    do(jobs.add(added, "refresh"))
    added.refresh_from_db()
    assert embedded == [3] and len(found(added, "lime")) == 3
    assert len(served.of_gallery(added).snapshot) == 27


def test_every_version_gets_the_new_pictures_so_that_one_can_go_back(added, photos, other, embedded, do):
    version = upgrade.begin(added, other, None)
    do(version.jobs.get())
    assert embedded == [24]
    (photos / "violet").mkdir()
    shutil.copy(photos / "red" / "0.jpg", photos / "violet" / "a.jpg")
    with (photos / "violet" / "a.jpg").open("ab") as file:
        file.write(b"of its own")
    do(jobs.add(added, "refresh"))
    assert embedded == [24, 1, 1]
    versions.switch(added, version, None)
    added.refresh_from_db()
    assert len(found(added, "violet")) == 1


def test_an_upgrade_that_was_killed_goes_on_with_what_it_had(added, other, monkeypatch, do):
    version = upgrade.begin(added, other, None)
    monkeypatch.setattr(upgrade.refresh, "upgrade", killed)
    with pytest.raises(KeyboardInterrupt):
        running.run(version.jobs.get().pk)
    monkeypatch.undo()
    job = version.jobs.get()
    assert job.state == "running"
    do(job)
    version.refresh_from_db()
    assert version.state == "ready" and version.comparison.queries == 24


def killed(job, progress):
    raise KeyboardInterrupt
