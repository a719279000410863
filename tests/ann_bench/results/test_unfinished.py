"""A sweep is noted while points of it are missing, and no longer; another one neither ends it nor is taken for it."""

import pytest

from ann_bench.results import results, unfinished

NAMES = ("a", "b", "c", "d")


@pytest.fixture
def folder(tmp_path):
    """That of one set and k, with nothing measured."""
    return tmp_path / "results" / "birds" / "10"


def paths(folder, names):
    return [folder / "flat" / f"{name}.hdf5" for name in names]


def measure(folder, names):
    for path in paths(folder, names):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def told(folder) -> str:
    return unfinished.words(folder).partition("finished: ")[2].partition(" points")[0]


def test_what_is_measured_is_counted_until_all_is(folder):
    assert not unfinished.words(folder)
    unfinished.begin(folder, paths(folder, NAMES))
    assert told(folder) == "0 of 4"
    measure(folder, "abc")
    unfinished.end(folder)
    assert told(folder) == "3 of 4"
    results.failed(folder / "flat" / "d.hdf5").touch()
    assert not told(folder)
    unfinished.end(folder)
    assert not list(folder.glob("*.json"))


def test_a_run_of_some_of_its_points_does_not_end_it(folder):
    unfinished.begin(folder, paths(folder, NAMES))
    unfinished.begin(folder, paths(folder, "a"))
    measure(folder, "a")
    unfinished.end(folder)
    assert told(folder) == "1 of 4"


def test_a_run_of_other_points_takes_its_place(folder):
    unfinished.begin(folder, paths(folder, NAMES))
    unfinished.begin(folder, paths(folder, "aef"))
    assert told(folder) == "0 of 3"
    measure(folder, "aef")
    unfinished.end(folder)
    assert not unfinished.words(folder)


def test_a_note_that_cannot_be_read_is_none(folder):
    unfinished.begin(folder, paths(folder, NAMES))
    (folder / "unfinished.json").write_text("[")
    assert not unfinished.words(folder)
