"""A view is of the points that are asked for, by the name of the vectors or by the file that they are in."""

import numpy as np
import pytest

from ann_bench.options import RunOptions
from ann_bench.results import unfinished
from ann_bench.sweep import sweep
from ann_bench.views.shown import Shown
from datasets.errors import InputError


def vectors_of(file, count: int, dim: int, *, seed: int = 0):
    np.save(file, np.random.default_rng(seed).random((count, dim), np.float32))
    return str(file)


def test_a_file_stands_for_the_set_in_it(measured_folder, tmp_path):
    found = Shown(out=measured_folder).load()
    row = found.rows[0]
    file = vectors_of(tmp_path / f"{found.data}.npy", row["gallery"], row["dimension"])
    assert Shown(out=measured_folder, data=file).load().data == found.data
    assert Shown(out=measured_folder, data=found.data).load().data == found.data


def test_a_file_of_that_name_with_other_vectors_has_not_been_measured(measured_folder, tmp_path):
    file = vectors_of(tmp_path / f"{Shown(out=measured_folder).load().data}.npy", 40, 4)
    with pytest.raises(InputError, match=f"--data={file}: has not been measured, what is called photo_sift in "):
        Shown(out=measured_folder, data=file).load()


def test_of_two_files_of_one_name_each_has_its_own_points(tmp_path):
    for seed, folder in enumerate(("one", "two")):
        (tmp_path / folder).mkdir()
        file = vectors_of(tmp_path / folder / "v.npy", 60, 4, seed=seed)
        asked = {"index": "flat", "k": 2, "runs": 1, "mode": "single"}
        sweep.main(RunOptions(data=file, out=tmp_path / "results", **asked))

    def marks(folder):
        shown = Shown(out=tmp_path / "results", data=str(tmp_path / folder / "v.npy"))
        return {row["fingerprint"] for row in shown.load().rows}

    assert len(marks("one")) == len(marks("two")) == 1 and marks("one") != marks("two")


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
