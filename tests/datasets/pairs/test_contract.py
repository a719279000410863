"""What every set of pairs promises, over all of them by name; a new set joins with a small tree in pair_trees.py."""

import inspect

import numpy as np
import pair_trees
import pytest

from datasets import pairs
from datasets.errors import InputError
from datasets.images import pixels
from datasets.pairs.base import PairSet

BUILT_IN = ("scenes",)


@pytest.fixture(params=pairs.names())
def case(request, tmp_path, small):
    """A set's module and the root to load it from."""
    name = request.param
    if name in BUILT_IN:
        return pairs.get(name), None
    assert hasattr(pair_trees, f"write_{name}"), f"{name} is neither built-in nor has a small tree in pair_trees.py"
    return pairs.get(name), getattr(pair_trees, f"write_{name}")(tmp_path / "set")


def test_load_takes_a_root_and_which_texts(case):
    module, _ = case
    root, texts = inspect.signature(module.load).parameters.values()
    assert root.name == "root"
    assert (texts.name, texts.kind, texts.default) == ("texts", inspect.Parameter.KEYWORD_ONLY, "")


def test_sizes_and_kinds_fit(case):
    module, root = case
    found = module.load(root)
    assert isinstance(found, PairSet) and found.check() is found
    assert found.name and "/" not in found.name  # files are called by it
    assert len(found.texts) == len(found.pictures.labels) == len(found) > 0
    found.pictures.require("train", "query", "gallery")
    if found.pictures.several_labels:
        assert found.pictures.labels.dtype == bool
        assert found.pictures.labels.shape[1] == len(found.pictures.class_names)
    else:
        assert found.pictures.labels.max() < len(found.pictures.class_names)


def test_what_asks_is_not_trained_on(case):
    module, root = case
    pictures = module.load(root).pictures
    assert not np.isin(pictures.query, np.concatenate([pictures.train, pictures.gallery])).any()
    for rows in (pictures.train, pictures.query, pictures.gallery):
        assert rows.dtype == np.int64 and len(np.unique(rows)) == len(rows)


def test_pictures_are_paths_arrays_or_features(case):
    module, root = case
    found = module.load(root)
    images = found.pictures.images
    if isinstance(images, np.ndarray):
        assert (images.dtype, images.ndim) in ((np.uint8, 4), (np.float32, 2))
        assert found.precomputed == (images.ndim == 2)
    else:
        assert all(isinstance(path, str) and path.startswith(str(root)) for path in images) and not found.precomputed
    assert found.written or found.texts.dtype == np.float32


def test_the_same_again_has_the_same_fingerprint_and_another_split_has_not(case):
    module, root = case
    found = module.load(root)
    assert found.fingerprint() == module.load(root).fingerprint()
    other = found.with_split(train=found.pictures.train[1:], query=found.pictures.query, gallery=found.pictures.gallery)
    assert other.fingerprint() != found.fingerprint()


def test_unknown_kinds_of_texts_are_refused(case):
    module, root = case
    with pytest.raises(InputError, match="nonsense"):
        module.load(root, texts="nonsense")


def test_a_folder_without_it_is_refused_by_name(case, tmp_path):
    module, root = case
    if root is None:
        pytest.skip("built-in")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty"):
        module.load(tmp_path / "empty")
    with pytest.raises(InputError):
        module.load(None)


def test_names_of_other_programs_are_known():
    assert pairs.get("mirflickr").__name__ == "datasets.pairs.mirflickr25k"
    assert pairs.get("NUS-WIDE").__name__ == "datasets.pairs.nuswide"
    with pytest.raises(InputError, match="did you mean wiki"):
        pairs.get("wikki")


@pytest.mark.parametrize("name", ["mirflickr25k", "nuswide"])
def test_pictures_of_matlab_files_are_read_one_at_a_time_and_upright(tmp_path, small, name):
    found = pairs.get(name).load(getattr(pair_trees, f"write_{name}")(tmp_path))
    tags, labels = pair_trees.tags_and_labels()
    np.testing.assert_array_equal(found.texts, tags)
    np.testing.assert_array_equal(found.pictures.labels, labels > 0)
    for path, picture in zip(found.pictures.images, pair_trees.pictures_of(), strict=True):
        np.testing.assert_array_equal(pixels.read(path), picture)
    assert (found.pictures.query.tolist(), found.pictures.train.tolist()) == ([0, 1], [2, 3, 4])
    assert found.pictures.gallery.tolist() == [2, 3, 4, 5, 6]
