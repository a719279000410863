"""A view is of the points that are asked for, by the name of the vectors or by the file that they are in."""

import numpy as np
import pytest

from ann_bench.results import unfinished
from ann_bench.views.shown import Shown
from datasets.errors import InputError


def test_a_file_stands_for_the_set_in_it(measured_folder, tmp_path):
    name = Shown(out=measured_folder).load().data
    file = tmp_path / f"{name}.npy"
    np.save(file, np.eye(4, dtype=np.float32))
    assert Shown(out=measured_folder, data=str(file)).load().data == name
    assert Shown(out=measured_folder, data=name).load().data == name


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
