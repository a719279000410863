"""Oxford5k, Paris6k and their revisited forms: found in every layout, read by name, refused by counts."""

import pickle
import shutil

import numpy as np
import pytest
from instance_trees import OXFORD5K, REVISITED

from datasets.errors import InputError
from datasets.images import oxford5k, paris6k, roxford5k, rparis6k

SETS = {"oxford5k": oxford5k, "paris6k": paris6k, "roxford5k": roxford5k, "rparis6k": rparis6k}


@pytest.fixture(params=SETS)
def case(request, tmp_path, write, monkeypatch):
    module = SETS[request.param]
    monkeypatch.setattr(module, "COUNTS", {})
    place = tmp_path / request.param
    getattr(write, request.param)(place if request.param in ("oxford5k", "paris6k") else tmp_path)
    return module, place


def told(found):
    """(picture, easy, hard, junk) of every query, all by name."""
    name = [path.rpartition("/")[2].removesuffix(".jpg") for path in found.images]
    for place, row in enumerate(found.query):
        lists = (found.truth.easy, found.truth.hard, found.truth.junk)
        yield name[row], *({name[found.gallery[position]] for position in rows[place]} for rows in lists)


def test_queries_are_crops_of_pictures_that_stay_in_the_gallery(tmp_path, write, monkeypatch):
    monkeypatch.setattr(oxford5k, "COUNTS", {"query": 2, "gallery": 6})
    found = oxford5k.load(write.oxford5k(tmp_path))
    expected = [(picture, set(good), set(ok), set(junk)) for picture, _, good, ok, junk in OXFORD5K.values()]
    assert list(told(found)) == expected
    assert found.truth.boxes.tolist() == [[1, 2, 4.5, 5], [0, 0, 6, 8]] and found.title == "oxford5k"
    assert found.images[found.query[0]] in [found.images[row] for row in found.gallery]
    assert not set(found.query) & set(found.gallery) and not len(found.train)


def test_labels_are_what_queries_ask_for(tmp_path, write, monkeypatch):
    monkeypatch.setattr(oxford5k, "COUNTS", {})
    found = oxford5k.load(write.oxford5k(tmp_path))
    assert found.class_names == ("", "oxford_000002", "oxford_000005")
    assert found.labels.tolist() == [1, 1, 1, 0, 2, 2, 1, 2]


def test_damaged_pictures_of_paris_are_not_in_its_gallery(tmp_path, write, monkeypatch):
    monkeypatch.setattr(paris6k, "COUNTS", {"query": 2, "gallery": 5})
    assert len(paris6k.PUBLISHED.unreadable) == 20
    found = paris6k.load(write.paris6k(tmp_path))
    assert list(told(found)) == [
        ("paris_louvre_000132", {"paris_louvre_000132"}, set(), set()),
        ("paris_louvre_000135", {"paris_louvre_000134", "paris_louvre_000135"}, set(), set()),
    ]


def test_grades_of_the_revisited_sets(tmp_path, write, monkeypatch):
    monkeypatch.setattr(rparis6k, "COUNTS", {"query": 3, "gallery": 6})
    write.rparis6k(tmp_path)
    found = rparis6k.load(tmp_path)
    assert list(told(found)) == [
        ("q_1", {"a_1"}, {"a_2", "a_3"}, {"c_1"}),
        ("q_2", set(), {"b_2"}, set()),
        ("q_3", {"a_2"}, set(), {"a_1", "b_1"}),
    ]
    assert found.truth.protocol == "revisited" and found.name == "rparis6k"
    assert found.class_names == ("", "q_1", "q_2") and found.labels[found.query].tolist() == [1, 2, 1]


def test_it_is_found_in_every_layout(case, tmp_path):
    module, place = case
    name, first = place.name, module.load(place)
    layouts = {place: place, tmp_path: tmp_path / name}
    for root in ("test", "datasets"):  # those of cirtorch and of the revisited benchmark
        layouts[tmp_path / "all" / root] = tmp_path / "all" / root / name
        layouts[tmp_path / "above" / root] = tmp_path / "above" / root / root / name
    for root, folder in layouts.items():
        if not folder.exists():
            shutil.copytree(place, folder)
        found = module.load(root)
        assert list(told(found)) == list(told(first)) and found.images[0].startswith(str(folder))


def test_pictures_lie_in_any_folder(case, tmp_path):
    module, place = case
    first = list(told(module.load(place)))
    (place / "jpg").rename(place / "paris")
    (place / "paris" / "deeper").mkdir()
    for file in list((place / "paris").glob("*3.jpg")):
        file.rename(place / "paris" / "deeper" / file.name)
    assert list(told(module.load(place))) == first


def test_the_revisited_sets_find_the_pictures_of_the_old_ones(tmp_path, write, monkeypatch):
    monkeypatch.setattr(roxford5k, "COUNTS", {})
    place = write.roxford5k(tmp_path) and tmp_path / "roxford5k"
    first = list(told(roxford5k.load(place)))
    (place / "jpg").rename(tmp_path / "moved")
    with pytest.raises(InputError, match="roxford5k has no pictures: unpack those of ROxford5k into"):
        roxford5k.load(place)
    (tmp_path / "oxford5k").mkdir()
    (tmp_path / "moved").rename(tmp_path / "oxford5k" / "jpg")
    assert list(told(roxford5k.load(place))) == first


def test_where_there_are_no_texts_the_pickle_of_the_old_set_is_read(tmp_path, write, monkeypatch):
    monkeypatch.setattr(oxford5k, "COUNTS", {})
    by_text = oxford5k.load(write.oxford5k(tmp_path))
    shutil.rmtree(tmp_path / "gt_files")
    names = [f"oxford_00000{number}" for number in range(1, 7)]
    content = {
        "imlist": names,
        "qimlist": [picture for picture, *_ in OXFORD5K.values()],
        "gnd": [
            {"bbx": [*map(float, box.split())], "ok": [*map(names.index, good + ok)], "junk": [*map(names.index, junk)]}
            for _, box, good, ok, junk in OXFORD5K.values()
        ],
    }
    (tmp_path / "gnd_oxford5k.pkl").write_bytes(pickle.dumps(content, protocol=2))
    by_pickle = oxford5k.load(tmp_path)
    assert by_pickle.images == by_text.images and np.array_equal(by_pickle.truth.boxes, by_text.truth.boxes)
    for old, new in zip(by_text.truth.wanted, by_pickle.truth.wanted, strict=True):
        assert old.tolist() == new.tolist()


def test_the_million_stands_behind_the_gallery(tmp_path, write, monkeypatch, caplog):
    monkeypatch.setattr(roxford5k, "COUNTS", {})
    write.roxford5k(tmp_path)
    alone, more = roxford5k.load(tmp_path), roxford5k.load(tmp_path, split="1m")
    assert more.name == "roxford5k+1m" and "lists 2 distractors, where 1,001,001 are published" in caplog.text
    assert list(told(more)) == list(told(alone)) and more.images[:9] == alone.images
    assert [more.images[row].rpartition("jpg/")[2] for row in more.gallery[-2:]] == ["0/x.jpg", "1/y.jpg"]
    (tmp_path / "revisitop1m" / "jpg" / "0" / "x.jpg").unlink()
    with pytest.raises(InputError, match="0/x.jpg is missing, 1 of 2"):
        roxford5k.load(tmp_path, split="1m")
    shutil.rmtree(tmp_path / "revisitop1m")
    assert roxford5k.load(tmp_path).fingerprint() == alone.fingerprint()
    with pytest.raises(InputError, match="revisitop1m.txt is missing"):
        roxford5k.load(tmp_path, split="1m")


def test_other_counts_are_refused(case, monkeypatch):
    module, place = case
    for part in ("query", "gallery"):
        monkeypatch.setattr(module, "COUNTS", {part: 1234})
        with pytest.raises(InputError, match=f"images in its {part} part, where .* has 1,234: unpack it again"):
            module.load(place)


def test_the_counts_are_those_that_are_published():
    counts = {name: (module.COUNTS["query"], module.COUNTS["gallery"]) for name, module in SETS.items()}
    assert counts == {"oxford5k": (55, 5063), "paris6k": (55, 6392), "roxford5k": (70, 4993), "rparis6k": (70, 6322)}


def test_a_picture_that_is_missing_is_named(case):
    module, place = case
    picture = REVISITED["imlist"][4] if module in (roxford5k, rparis6k) else module.load(place).image_name(1)
    file = place / "jpg" / f"{picture.rpartition('/')[2].removesuffix('.jpg')}.jpg"
    file.unlink()
    with pytest.raises(InputError, match=rf"{file.stem}(.jpg is missing| is not there)"):
        module.load(place)


def test_a_wrong_root_and_boxes_are_named(case, tmp_path):
    module, place = case
    with pytest.raises(InputError, match=r"is not a folder: .*; .* com(es|e) from https?://"):
        module.load(tmp_path / "away")
    with pytest.raises(InputError, match="crops its queries to their boxes always; do not ask for crops"):
        module.load(place, boxes=True)
