"""What every image set promises, over all of them by name; a new set joins here with a small tree of its layout."""

import inspect

import numpy as np
import pytest

from datasets import images
from datasets.images.base import ImageSet

BUILT_IN = ("digits", "glyphs")


def write_cub200(root):
    lines = {"classes.txt": [f"{c} {c:03d}.Bird {c}" for c in range(1, 5)]}
    lines["images.txt"] = [f"{i} {1 + i % 4:03d}.Bird/{i}.jpg" for i in range(1, 13)]
    lines["image_class_labels.txt"] = [f"{i} {1 + i % 4}" for i in range(1, 13)]
    for name, rows in lines.items():
        (root / name).write_text("\n".join(rows))


def write_folder(root):
    for name in "abcd":
        (root / name).mkdir()
        for number in range(3):
            (root / name / f"{number}.jpg").touch()


# The set's name -> what writes a small tree of it into an empty folder.
TREES = {"cub200": write_cub200, "files": write_folder, "folder": write_folder}
WITHOUT_TRAINING = ("files",)


@pytest.fixture(params=images.names())
def case(request, tmp_path):
    """A set's module and the root to load it from."""
    name = request.param
    if name in BUILT_IN:
        return images.get(name), None
    assert name in TREES, f"{name} is neither built-in nor has a small tree: add one to TREES"
    TREES[name](tmp_path)
    return images.get(name), tmp_path


def test_load_takes_a_root_and_boxes(case):
    module, _ = case
    parameters = inspect.signature(module.load).parameters
    assert list(parameters) == ["root", "boxes"]
    assert parameters["boxes"].kind is inspect.Parameter.KEYWORD_ONLY and parameters["boxes"].default is False


def test_sizes_and_kinds_fit(case):
    module, root = case
    image_set = module.load(root)
    assert isinstance(image_set, ImageSet) and image_set.check() is image_set
    assert image_set.name and image_set.size > 0
    assert image_set.labels.dtype == np.int64 and image_set.labels.shape == (len(image_set),)
    assert set(image_set.labels) == set(range(len(image_set.class_names)))
    assert len(set(image_set.class_names)) == len(image_set.class_names)
    for rows in (image_set.train, image_set.query, image_set.gallery):
        assert np.issubdtype(rows.dtype, np.integer)
        assert len(np.unique(rows)) == len(rows)
    assert len(image_set.query) and len(image_set.gallery)
    assert bool(len(image_set.train)) == (module.__name__.split(".")[-1] not in WITHOUT_TRAINING)


def test_images_are_rgb_arrays_or_paths(case):
    module, root = case
    all_images = module.load(root).images
    if root is None:
        assert all_images.dtype == np.uint8 and all_images.ndim == 4 and all_images.shape[3] == 3
    else:
        assert all(isinstance(path, str) and path.startswith(str(root)) for path in all_images)
        assert len(set(all_images)) == len(all_images)


def test_train_and_test_classes_are_disjoint(case):
    module, root = case
    image_set = module.load(root)
    train = set(image_set.labels[image_set.train])
    assert not train & set(image_set.labels[image_set.query])
    assert not train & set(image_set.labels[image_set.gallery])


def test_a_second_load_is_the_same(case):
    module, root = case
    assert module.load(root).fingerprint() == module.load(root).fingerprint()
