"""What every caption set promises, over all of them by name; a new set joins with a small tree in conftest.py."""

import inspect

import numpy as np
import pytest

from datasets import captions
from datasets.captions.base import PARTS, CaptionSet
from datasets.errors import InputError

BUILT_IN = ("scenes",)
ANY_NUMBER = ("captions", "web_news")  # of captions has an image of these


@pytest.fixture(params=captions.names())
def case(request, tmp_path, write, monkeypatch):
    """A set's module and the root to load it from; the small tree of a set has not the counts of the true one."""
    name = request.param
    module = captions.get(name)
    if name in BUILT_IN:
        return module, None
    assert hasattr(write, name), f"{name} is neither built-in nor has a small tree: add write_{name} to conftest.py"
    if hasattr(module, "COUNTS"):
        monkeypatch.setattr(module, "COUNTS", {})
    return module, getattr(write, name)(tmp_path)


def test_load_takes_a_root_and_what_else_it_takes_has_a_default(case):
    module, _ = case
    root, *own = inspect.signature(module.load).parameters.values()
    assert root.name == "root"
    for parameter in own:
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        assert parameter.default is not inspect.Parameter.empty


def test_sizes_and_kinds_fit(case):
    module, root = case
    found = module.load(root)
    assert isinstance(found, CaptionSet) and found.check(per_image=None) is found and found.require(*PARTS) is found
    assert found.name and "/" not in found.name  # files are called by it
    assert len(found.captions) == len(found.image_of) >= len(found)
    assert module.__name__.endswith(ANY_NUMBER) or len(found.captions) == 5 * len(found)
    assert found.image_of.dtype == np.int64 and (np.diff(found.image_of) >= 0).all()
    assert all(isinstance(caption, str) and caption == caption.strip() != "" for caption in found.captions)
    rows = np.concatenate([getattr(found, part) for part in PARTS])
    assert rows.dtype == np.int64 and len(np.unique(rows)) == len(rows)


def test_images_are_paths_arrays_or_features(case):
    module, root = case
    found = module.load(root)
    if isinstance(found.images, np.ndarray):
        assert (found.images.dtype, found.images.ndim) in ((np.uint8, 4), (np.float32, 2))
        assert found.precomputed == (found.images.ndim == 2)
    else:
        assert all(isinstance(path, str) and path.startswith(str(root)) for path in found.images)
        assert len(set(found.images)) == len(found.images) and not found.precomputed


def test_chinese_and_emoji_stay_as_they_are(case, write):
    module, root = case
    if root is not None:
        assert set(write.strange) <= set(module.load(root).captions)


def test_a_second_load_is_the_same(case):
    module, root = case
    assert module.load(root).fingerprint() == module.load(root).fingerprint()


def test_a_root_that_is_missing_is_one_line(case, tmp_path):
    module, root = case
    if root is None:
        return
    for wrong in (None, tmp_path / "nowhere"):
        with pytest.raises(InputError) as error:
            module.load(wrong)
        assert "\n" not in str(error.value) and ("nowhere" in str(error.value) or wrong is None)


@pytest.mark.parametrize("alias", [*captions._ALIASES, "f8k_precomp", "f30k_precomp", "coco_precomp", "my_precomp"])
def test_the_names_of_other_programs_lead_to_a_set(alias):
    assert alias not in captions.names()
    assert captions.get(alias) is captions.get(captions.canonical(alias))


def test_helpers_are_no_sets_and_an_unknown_name_is_corrected():
    assert captions.names() == ["captions", "coco", "flickr30k", "flickr8k", "precomputed", "scenes", "web_news"]
    with pytest.raises(InputError, match=r"unknown dataset 'flicker8k': did you mean flickr8k\?"):
        captions.get("flicker8k")
