"""ImageNet-100, NUS-WIDE and COCO: found by the layout of their lists, and refused where their counts are others."""

import pytest

from datasets.errors import InputError
from datasets.images import coco, imagenet100, nuswide21, nuswide81

SETS = {"imagenet100": imagenet100, "nuswide21": nuswide21, "nuswide81": nuswide81, "coco": coco}
INNER = {"imagenet100": "imagenet", "nuswide21": "nuswide_21", "nuswide81": "nuswide_81", "coco": "coco"}


@pytest.fixture(params=SETS)
def case(request, tmp_path, write):
    return SETS[request.param], getattr(write, request.param)(tmp_path / INNER[request.param])


def test_the_folder_is_that_of_the_published_lists(case, monkeypatch):
    module, tree = case
    monkeypatch.setattr(module, "COUNTS", {})
    found = module.load(tree)
    assert found.fingerprint() == module.load(tree.parent).fingerprint()
    assert found.name == module.__name__.rpartition(".")[2]
    assert found.several_labels == (module is not imagenet100)
    assert (len(found.train), len(found.query), len(found.gallery)) == (4, 2, 6)


def test_other_counts_are_refused(case, monkeypatch):
    module, tree = case
    train, classes = module.COUNTS["train"]
    with pytest.raises(
        InputError, match=rf"{tree}: has 4 images of \d classes in its train part, where .* {train:,} of"
    ):
        module.load(tree)
    small = {"train": (4, 2 if module is imagenet100 else 3), "query": (2, 2 if module is imagenet100 else 3)}
    monkeypatch.setattr(module, "COUNTS", small)
    module.load(tree)
    monkeypatch.setattr(module, "COUNTS", small | {"query": (2, classes)})
    with pytest.raises(InputError, match=rf"in its query part, where .* has 2 of {classes}: unpack"):
        module.load(tree)


def test_a_wrong_root_and_boxes_are_named(case, monkeypatch):
    module, tree = case
    with pytest.raises(
        InputError, match=rf"away is not a folder: .* folder {tree.name} or .*; lists .*come from https://"
    ):
        module.load(tree / "away")
    with pytest.raises(InputError, match="its lists have no boxes"):
        module.load(tree, boxes=True)
