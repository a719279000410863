"""A view is of the points that are asked for, by the name of the vectors or by the file that they are in."""

import numpy as np
import pytest

from ann_bench.results import unfinished
from ann_bench.results.results import write
from ann_bench.views.shown import Shown
from datasets.errors import InputError
from datasets.sources.vector_source import Source
from datasets.stored.vectors_file import save
from datasets.vectors.base import VectorSet

ROWS = np.eye(4, dtype=np.float32)


@pytest.fixture
def file(tmp_path):
    np.save(tmp_path / "mine.npy", ROWS)
    return tmp_path / "mine.npy"


@pytest.fixture
def measure(made, tmp_path):
    """Writes a result of the set "mine", other vectors than those in the file if not said."""
    size = {"gallery": 4, "dimension": 4, "fingerprint": "other"}
    return lambda **about: write(tmp_path / "results", made(data="mine", **size | about))


def test_a_file_stands_for_the_set_in_it(file, measure, tmp_path, caplog):
    own = Source(data=str(file)).load().fingerprint()
    measure(measured="2026-01-01", fingerprint=own, recall=0.5)
    measure(measured="2026-01-02", gallery=9)  # later, of others under the same name
    found = Shown(out=tmp_path / "results", data=str(file)).load()
    assert found.data == "mine" and [row["fingerprint"] for row in found.rows] == [own] and not caplog.messages
    assert Shown(out=tmp_path / "results", data="mine").load().rows[0]["fingerprint"] == "other"


@pytest.mark.parametrize("size", [{"gallery": 5}, {"dimension": 5}])
def test_results_of_other_vectors_of_that_name_are_refused(file, measure, tmp_path, size):
    measure(measured="2026-01-01", **size)
    with pytest.raises(InputError, match=r"mine\.npy: the mine in .* are other vectors .* --data=mine shows those"):
        Shown(out=tmp_path / "results", data=str(file)).load()


def test_results_of_other_vectors_of_that_size_are_told(file, measure, tmp_path, caplog):
    measure(measured="2026-01-01")  # by --queries, maybe
    assert Shown(out=tmp_path / "results", data=str(file)).load().data == "mine"
    assert "are other vectors than those in" in caplog.text
    save(tmp_path / "mine.h5", VectorSet("mine", "euclidean", ROWS, ROWS[:1]))  # which holds its queries
    with pytest.raises(InputError, match=r"4 of 4 dimensions\); python -m ann_bench run --data=.*mine\.h5 measures"):
        Shown(out=tmp_path / "results", data=str(tmp_path / "mine.h5")).load()


def test_a_file_of_other_vectors_is_not_among_the_results(measured_folder, tmp_path):
    np.save(tmp_path / "others.npy", np.eye(4, dtype=np.float32))
    with pytest.raises(InputError, match="--data=others: not among .*; measure it by .* run --data=.*/others.npy, or"):
        Shown(out=measured_folder, data=str(tmp_path / "others.npy")).load()


def test_a_folder_of_the_same_name_as_the_set_is_not_looked_into(measured_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = Shown(out=measured_folder).load().data
    (tmp_path / name).mkdir()
    assert Shown(out=measured_folder, data=name).load().data == name


def test_a_sweep_that_is_not_finished_is_told(measured_folder, caplog):
    caplog.set_level("INFO")
    folder = measured_folder / "photo_sift" / "10"
    measured = sorted(folder.glob("*/*.hdf5"))
    unfinished.begin(folder, [*measured, folder / "annoy" / "a.hdf5", folder / "annoy" / "b.hdf5"])
    Shown(out=measured_folder).load()
    assert caplog.messages == ["the sweep is not finished: 32 of 34 points measured; the same run goes on"]


def test_a_folder_that_holds_only_a_track_says_how_to_show_it(made, tmp_path):
    write(tmp_path / "filter", made())
    for options in (Shown(out=tmp_path), Shown(out=tmp_path, track="range")):
        with pytest.raises(InputError, match="there are only results of tracks; show them by --track=filter"):
            options.load()
    assert Shown(out=tmp_path, track="filter").load().rows
