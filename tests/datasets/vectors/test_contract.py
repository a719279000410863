"""What every set of vectors promises, over all of them by name."""

import inspect

import pytest

from datasets import vectors
from datasets.errors import InputError
from datasets.files import download

BUILT_IN = ("photo_sift",)


@pytest.mark.parametrize("name", vectors.names())
def test_a_set_is_loaded_from_a_root_and_says_what_it_is(name):
    module = vectors.get(name)
    assert list(inspect.signature(module.load).parameters) == ["root"]
    assert module.__doc__.startswith(f"{name}") and module.load.__doc__


@pytest.mark.parametrize("name", sorted(set(vectors.names()) - set(BUILT_IN)))
def test_without_a_network_one_line_says_so_and_nothing_is_left(name, tmp_path, monkeypatch):
    def fail(url, part, start, stop):
        raise download._Cut("no connection (cable pulled)")

    monkeypatch.setattr(download, "_open", fail)
    monkeypatch.setattr(download, "WAITS", (0.0,))
    with pytest.raises(InputError, match=r"^(https|ftp)://\S+: no connection \(cable pulled\), in 1 tries") as error:
        vectors.get(name).load(tmp_path)
    assert "\n" not in str(error.value)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_an_unknown_set_is_answered_by_the_nearest_name():
    with pytest.raises(InputError, match=r"unknown dataset 'shift1m': did you mean sift1m\?"):
        vectors.get("shift1m")
