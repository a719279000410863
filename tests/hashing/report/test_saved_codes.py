"""Saved codes: found by file or run folder, named, scored as they are in memory; and what is no such file."""

from pathlib import Path

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.stored import vectors_file
from datasets.vectors.base import VectorSet
from hashing.evaluation.scores import RULES, evaluate
from hashing.report import saved_codes


def codes(*, several: bool = False, seed: int = 0) -> VectorSet:
    draw = np.random.default_rng(seed)
    gallery, queries = (draw.integers(0, 256, (count, 2)).astype(np.uint8) for count in (40, 9))
    shape = ((40, 3), (9, 3)) if several else (40, 9)
    labels = [draw.integers(2 if several else 4, size=size) for size in shape]
    if several:
        labels = [part.astype(bool) for part in labels]
    return VectorSet("made up", "hamming", gallery, queries, gallery_labels=labels[0], query_labels=labels[1])


@pytest.fixture
def run(tmp_path) -> Path:
    vectors_file.save(tmp_path / "run" / "vectors.h5", codes())
    return tmp_path / "run"


@pytest.mark.parametrize("several", (False, True))
def test_scores_are_those_of_the_codes_in_memory(tmp_path, several):
    vectors_file.save(tmp_path / "codes.h5", codes(several=several))
    what = {"tops": (None, 5), "radius": 4, "ns": (7,), "rules": RULES["thuml"]}
    found = saved_codes.score([tmp_path / "codes.h5"], **what)[0]
    assert found.scores == evaluate(codes(several=several), **what)
    assert (found.name, found.path, found.vectors.dim) == ("codes", tmp_path / "codes.h5", 16)


def test_a_run_folder_stands_for_its_vectors(run):
    folder, given = (saved_codes.score([path])[0] for path in (run, run / "vectors.h5"))
    assert folder.path == given.path == run / "vectors.h5" and folder.scores == given.scores
    assert folder.name == given.name == "run"


def test_names_tell_files_apart():
    paths = [Path(path) for path in ("runs/a/vectors.h5", "codes.h5", "x/b.h5", "y/b.h5", "vectors.h5")]
    assert saved_codes.names(paths) == ["a", "codes", "x/b.h5", "y/b.h5", "vectors"]


def test_what_holds_no_labelled_codes_is_named_by_its_path(run, tmp_path):
    with pytest.raises(InputError, match=r"none\.h5: there is no such file"):
        saved_codes.score([tmp_path / "none.h5"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"empty: the folder has no vectors\.h5"):
        saved_codes.score([tmp_path / "empty"])
    plain = np.eye(8, dtype=np.float32)
    vectors_file.save(tmp_path / "floats.h5", VectorSet("floats", "euclidean", plain, plain))
    with pytest.raises(InputError, match=r"floats\.h5: .*euclidean.*train_hash\.py"):
        saved_codes.score([run, tmp_path / "floats.h5"])
    bare = VectorSet("bare", "hamming", codes().gallery, codes().queries)
    vectors_file.save(tmp_path / "bare.h5", bare)
    with pytest.raises(InputError, match=r"bare\.h5: .*no labels"):
        saved_codes.score([tmp_path / "bare.h5"])
