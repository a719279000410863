"""What every image set promises, over all of them by name; a new set joins with a small tree in conftest.py."""

import inspect

import numpy as np
import pytest

from datasets import images
from datasets.errors import InputError
from datasets.images.base import ImageSet

BUILT_IN = ("digits", "glyphs", "outlines")
WITHOUT_TRAINING = ("files", "lfw", "oxford5k", "paris6k", "roxford5k", "rparis6k", "holidays")
WITHOUT_JUDGING = ("sfm30k",)  # published are its pairs for whitening
TREES = {"files": "folder"}  # a set -> the set whose small tree it reads
# Its authors search among all products; nobody asks for those that train.
TRAINS_ON_ITS_GALLERY = ("street2shop",)
# Hashing asks for classes that it was trained on; sketches are judged by such classes and by others.
SAME_CLASSES = (
    *("cifar10", "coco", "imagenet100", "labelled", "nuswide21", "nuswide81"),
    *("outlines", "sketches", "sketchy", "tuberlin"),
)


@pytest.fixture(params=images.names())
def case(request, tmp_path, write, monkeypatch):
    """A set's module and the root to load it from; the small tree of a set has not the counts of the true one."""
    name = request.param
    if name in BUILT_IN:
        return images.get(name), None
    tree = TREES.get(name, name)
    assert hasattr(write, tree), f"{name} is neither built-in nor has a small tree: add write_{name} to conftest.py"
    getattr(write, tree)(tmp_path)
    module = images.get(name)
    if hasattr(module, "COUNTS"):
        monkeypatch.setattr(module, "COUNTS", {})
    if hasattr(module, "DEAL"):  # images a class: queries, training images
        monkeypatch.setattr(module, "DEAL", dict.fromkeys(module.DEAL, (2, 3)))
    if hasattr(module, "ASKS"):  # sketches of a class
        monkeypatch.setattr(module, "ASKS", 2)
    if hasattr(module, "SERIES"):  # of things that are drawn
        monkeypatch.setattr(module, "SERIES", dict.fromkeys(module.SERIES, 1))
    return module, tmp_path


def name_of(module):
    return module.__name__.split(".")[-1]


def test_load_takes_a_root_and_boxes(case):
    module, _ = case
    parameters = inspect.signature(module.load).parameters
    assert list(parameters) == ["root", "boxes", *(["split"] if hasattr(module, "SPLITS") else [])]
    assert parameters["boxes"].kind is inspect.Parameter.KEYWORD_ONLY and parameters["boxes"].default is False


def test_sizes_and_kinds_fit(case):
    module, root = case
    image_set = module.load(root)
    assert isinstance(image_set, ImageSet) and image_set.check() is image_set
    assert np.min(image_set.size) > 0
    assert image_set.name and "/" not in image_set.name  # files are called by it
    if image_set.several_labels:
        assert image_set.labels.dtype == bool
        assert image_set.labels.shape == (len(image_set), len(image_set.class_names))
    else:
        assert image_set.labels.dtype == np.int64 and image_set.labels.shape == (len(image_set),)
        assert set(image_set.labels) == set(range(len(image_set.class_names)))
    assert len(set(image_set.class_names)) == len(image_set.class_names)
    for rows in (image_set.train, image_set.query, image_set.gallery):
        assert np.issubdtype(rows.dtype, np.integer)
        assert len(np.unique(rows)) == len(rows)
    assert bool(len(image_set.query)) == bool(len(image_set.gallery)) == (name_of(module) not in WITHOUT_JUDGING)
    assert bool(len(image_set.train)) == (name_of(module) not in WITHOUT_TRAINING)


def test_images_are_rgb_arrays_or_paths(case):
    module, root = case
    image_set = module.load(root)
    all_images = image_set.images
    if root is None or isinstance(all_images, np.ndarray):
        assert all_images.dtype == np.uint8 and all_images.ndim == 4 and all_images.shape[3] == 3
    else:
        assert all(isinstance(path, str) and path.startswith(str(root)) for path in all_images)
        # A photograph may show two classes, but is no two images of one, unless a query is cropped from it.
        asks = np.zeros(len(image_set), dtype=bool)
        asks[image_set.query] = image_set.truth is not None and image_set.truth.boxes is not None
        assert len(set(zip(all_images, map(str, image_set.labels), asks, strict=True))) == len(all_images)


def test_train_and_test_classes_are_disjoint(case):
    module, root = case
    image_set = module.load(root)
    if name_of(module) in SAME_CLASSES:
        assert not np.isin(image_set.query, np.concatenate([image_set.train, image_set.gallery])).any()
        return
    train = set(image_set.labels[image_set.train])
    assert not train & set(image_set.labels[image_set.query])
    if name_of(module) not in TRAINS_ON_ITS_GALLERY:
        assert not train & set(image_set.labels[image_set.gallery])


def test_a_second_load_is_the_same(case):
    module, root = case
    assert module.load(root).fingerprint() == module.load(root).fingerprint()


@pytest.mark.parametrize("alias", images._ALIASES)
def test_the_names_of_other_programs_lead_to_a_set(alias):
    assert alias not in images.names()
    assert images.get(alias) is images.get(images.canonical(alias))


def test_splits_are_told_apart_by_the_name_of_the_set(case):
    module, root = case
    splits = getattr(module, "SPLITS", ())
    assert len({module.load(root, split=split).name for split in splits}) == len(splits)
    if splits:
        assert module.load(root, split="").name in {module.load(root, split=split).name for split in splits}
        with pytest.raises(InputError, match="--split=none of them: .* has the splits"):
            module.load(root, split="none of them")


def test_a_name_of_other_programs_may_ask_for_a_split():
    for alias, split in images._SPLITS.items():
        assert split in images.get(alias).SPLITS and images.split_of(alias) == split
    assert images.split_of("cub200") == ""


def test_sketches_ask_and_photographs_answer(case):
    module, root = case
    image_set = module.load(root)
    if image_set.sketches is None:
        return
    assert image_set.sketches[image_set.query].all() and not image_set.sketches[image_set.gallery].any()
    trained = image_set.labels[image_set.train]
    kinds = image_set.sketches[image_set.train]
    assert set(trained[kinds]) == set(trained[~kinds])  # a class that trains has both
    assert set(image_set.labels[image_set.query]) <= set(image_set.labels[image_set.gallery])
