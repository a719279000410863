"""Lock: one process at a time in a folder, however the one before has left it."""

import pytest

from datasets.errors import InputError
from datasets.files import lock


def test_a_folder_is_one_s_alone_until_it_is_left_by_an_error_too(tmp_path):
    with pytest.raises(ZeroDivisionError), lock.alone(tmp_path, flag="--out"):
        with pytest.raises(InputError, match="in use by another process: wait for it, or give another --out"):
            lock.hold(tmp_path, flag="--out")
        with lock.alone(tmp_path, flag="--out", name="other.lock"):
            raise ZeroDivisionError
    with lock.alone(tmp_path, flag="--out"):
        pass


def test_a_file_that_is_made_is_made_once(tmp_path):
    made = []
    path = tmp_path / "x.npy"

    def make() -> None:
        made.append(path.write_bytes(b"x"))

    for _ in range(2):
        lock.make_once(path, make, flag="--out")
    assert len(made) == 1 and (tmp_path / "x.lock").exists()
